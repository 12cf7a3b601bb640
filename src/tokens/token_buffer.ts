/** A list of GPT-2 tokens or model ids: 2 bytes each, as they are fewer than 2^16. */
export class TokenBuffer {
  #tokens = new Uint16Array(2 ** 14);
  #length = 0;

  /** The number of tokens. Set lower, it drops the last ones. */
  get length(): number {
    return this.#length;
  }

  set length(length: number) {
    this.#length = length;
  }

  /** Adds a token. */
  push(token: number): void {
    if (this.#length === this.#tokens.length) {
      const larger = new Uint16Array(2 * this.#length);
      larger.set(this.#tokens);
      this.#tokens = larger;
    }
    this.#tokens[this.#length++] = token;
  }

  /** The tokens from some index on, valid until the next change. */
  from(start: number): Uint16Array {
    return this.#tokens.subarray(start, this.#length);
  }
}
