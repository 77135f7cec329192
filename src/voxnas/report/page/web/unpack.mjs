// What packed.py packs, unpacked.

export async function bytesOf(text) {
  const given = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const plain = new Blob([given]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).arrayBuffer();
}

const ARRAYS = { f32: Float32Array, i64: BigInt64Array };

// A native form as engine.mjs takes it.
export async function formOf(packed) {
  const unpacked = packed.arguments.map(async (a) =>
    typeof a === "number" ? a : new ARRAYS[a.type](await bytesOf(a.bytes)),
  );
  return { kind: packed.kind, arguments: await Promise.all(unpacked) };
}
