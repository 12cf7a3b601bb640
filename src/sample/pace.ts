/** Milliseconds that a batch of tokens should take: text streams, and waits for it do not count. */
const LEAST_MS = 50;
const MOST_MS = 200;

/** Most tokens of a batch: what is computed past the end of a text is in vain. */
const MOST_TOKENS = 64;

/** How many tokens are submitted before any of them is waited for, by the time that they take. */
export class Pace {
  /** Tokens of the next batch. */
  tokens = 1;
  readonly #now: () => number;
  #last: number;

  /** @param now A clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#last = now();
  }

  /** Tells that another batch is done. */
  next(): void {
    const now = this.#now();
    const elapsed = now - this.#last;
    this.#last = now;
    if (elapsed < LEAST_MS) this.tokens = Math.min(2 * this.tokens, MOST_TOKENS);
    else if (elapsed > MOST_MS) this.tokens = Math.ceil(this.tokens / 2);
  }
}
