// Networks that play in a page: the streams of the project's native code, as WebAssembly.

// A network that plays block by block, in memory of its own: what ends one in an error ends no other.
export class Stream {
  // `module` is a WebAssembly.Module; `form` {kind, arguments}: the create function's, numbers and typed arrays; and for
  // a network with knobs `follows`: {mix, scale, values}, arrays of which scale may
  // be null, or {changes, values}.
  constructor(module, form) {
    this.native = new WebAssembly.Instance(module, {}).exports;
    this.native._initialize();
    const create = this.native[`voxnas_${form.kind}_stream_create`];
    if (!create) throw new Error(`networks of kind ${form.kind} do not play here`);
    const given = form.arguments.map((a) => (ArrayBuffer.isView(a) ? this.#copied(a) : a));
    this.handle = create(...given);
    form.arguments.forEach((a, i) => ArrayBuffer.isView(a) && this.native.voxnas_free(given[i]));
    if (!this.handle) throw new Error("the network cannot be played");
    this.room = 0;
    if (form.follows) this.#follow(form.follows);
  }

  // The controls' next values, reached in so many samples.
  control(values, samples) {
    new Float32Array(this.native.memory.buffer, this.values, values.length).set(values);
    this.native.voxnas_stream_control(this.handle, this.values, BigInt(samples));
  }

  // To the state that silence leaves behind.
  reset() {
    this.native.voxnas_stream_reset(this.handle);
  }

  // The answer to the next samples, into `output`, of the same length.
  process(input, output) {
    const size = input.length;
    if (size > this.room) this.#make(size);
    new Float32Array(this.native.memory.buffer, this.input, size).set(input);
    this.native.voxnas_stream_play(this.handle, this.input, this.output, size);
    output.set(new Float32Array(this.native.memory.buffer, this.output, size));
  }

  #follow({ values, ...arrays }) {
    const { mix } = arrays, native = this.native;
    const given = Object.values(arrays).map((array) => (array ? this.#copied(array) : 0));
    this.values = this.#copied(values);
    const failed = mix
      ? native.voxnas_stream_follow(this.handle, ...given, BigInt(mix.length / values.length), values.length, this.values)
      : native.voxnas_stream_follow_weights(this.handle, ...given, values.length, this.values);
    if (failed) throw new Error("its knobs cannot be followed");
    given.forEach((at) => at && native.voxnas_free(at));
  }

  #make(size) {
    if (this.room) [this.input, this.output].forEach((at) => this.native.voxnas_free(at));
    [this.input, this.output] = [size, size].map((n) => this.#allocate(4 * n));
    this.room = size;
  }

  #allocate(bytes) {
    const at = this.native.voxnas_allocate(bytes);
    if (!at) throw new Error("there is too little memory for the network");
    return at;
  }

  #copied(array) {
    const at = this.#allocate(array.byteLength);
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    new Uint8Array(this.native.memory.buffer, at, array.byteLength).set(bytes);
    return at;
  }
}
