/** Tokens per second over the last few steps: single steps may be told of in bursts. */
export class Throughput {
  #times = [performance.now()];
  #tokens: number[] = [];

  /** Counts the tokens of a step that was just told of; returns the throughput with them. */
  add(tokens: number): number {
    this.#tokens.push(tokens);
    this.#times.push(performance.now());
    if (this.#tokens.length > 10) {
      this.#tokens.shift();
      this.#times.shift();
    }
    const sum = this.#tokens.reduce((a, b) => a + b, 0);
    return sum / (this.#times.at(-1)! - this.#times[0]) * 1000;
  }

  /** Leaves out the time and the tokens so far. */
  restart(): void {
    this.#times = [performance.now()];
    this.#tokens = [];
  }
}
