/**
 * How fast the last few steps were: single ones may be told of in bursts. The first of all is left
 * out of the others' speed, as drivers and processors take it to warm up.
 */
export class Throughput {
  /** Milliseconds of a step; undefined before the first one. */
  msPerStep: number | undefined;
  readonly #now: () => number;
  #times: number[];
  #tokens: number[] = [];
  #isFirst = true;

  /** @param now A clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#times = [now()];
  }

  /** Counts the tokens of a step that was just told of; returns the tokens per second with them. */
  add(tokens: number): number {
    this.#tokens.push(tokens);
    this.#times.push(this.#now());
    if (this.#tokens.length > 10) this.#forget();
    const ms = this.#times.at(-1)! - this.#times[0];
    const sum = this.#tokens.reduce((a, b) => a + b, 0);
    this.msPerStep = ms / this.#tokens.length;
    if (this.#isFirst) this.#forget();
    this.#isFirst = false;
    return sum / ms * 1000;
  }

  /** Leaves out the oldest step. */
  #forget(): void {
    this.#tokens.shift();
    this.#times.shift();
  }

  /** Leaves out the time and the tokens so far. */
  restart(): void {
    this.#times = [this.#now()];
    this.#tokens = [];
  }
}
