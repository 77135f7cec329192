// What packed.py packs, unpacked.

export async function bytesOf(text) {
  const given = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const plain = new Blob([given]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).arrayBuffer();
}

const ARRAYS = { f32: Float32Array, i64: BigInt64Array };

// A native form as engine.mjs takes it.
export async function formOf(packed) {
  return { kind: packed.kind, arguments: await Promise.all(packed.arguments.map(argumentOf)) };
}

// What engine.mjs calls `follows`, of a network's panel, all controls at rest.
export async function followsOf(panel) {
  const names = panel.changes ? ["changes"] : ["mix", "scale"];
  const arrays = await Promise.all(names.map((name) => panel[name] && argumentOf(panel[name])));
  return { ...Object.fromEntries(names.map((name, i) => [name, arrays[i]])), values: new Float32Array(panel.at_rest) };
}

async function argumentOf(packed) {
  return typeof packed === "number" ? packed : new ARRAYS[packed.type](await bytesOf(packed.bytes));
}
