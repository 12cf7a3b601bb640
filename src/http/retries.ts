import { UserError } from "../errors.ts";
import { warn } from "../warn.ts";
import type { HttpOptions } from "./options.ts";

const MAX_DELAY = 30_000;
/** A longer wait is told, lest it looks like a hang. */
const TOLD_DELAY = 2000;

/** What may go better the next time: a lost connection, an overloaded server. */
export class Interruption extends Error {
  /** @param wait What the server asks to wait, in milliseconds. */
  constructor(message: string, readonly wait = 0) {
    super(message);
  }
}

/** The least bytes that a server may send in a millisecond, on average. */
const LEAST_RATE = 1;

/** Counts failures between which too little came, and waits after each. */
export class Retries {
  #failures = 0;
  /** What came since it was last enough, and how long that took in milliseconds. */
  #came = { bytes: 0, ms: 0 };
  readonly #name: string;
  readonly #tries: number;
  readonly #delay: number;
  readonly #patience: number;

  constructor(name: string, { tries = 10, delay = 1000, patience = 60_000 }: HttpOptions) {
    this.#name = name;
    this.#tries = tries;
    this.#delay = delay;
    this.#patience = patience;
  }

  /**
   * Counts what came in so many milliseconds.
   *
   * @throws {Interruption} If less than 1 kB a second came for as long as patience lasts.
   */
  received(bytes: number, ms: number): void {
    const came = this.#came;
    came.bytes += bytes;
    came.ms += ms;
    if (came.bytes >= LEAST_RATE * this.#patience) {
      this.#failures = 0;
    } else if (came.ms < this.#patience) {
      return;
    }
    this.#came = { bytes: 0, ms: 0 };
    if (came.bytes >= LEAST_RATE * this.#patience) return;
    const seconds = Math.round(came.ms / 1000);
    throw new Interruption(`the server sent only ${came.bytes} bytes in ${seconds} s`);
  }

  /** @throws What is no interruption at once, and the last of too many as a {@linkcode UserError}. */
  async wait(error: unknown, position: number): Promise<void> {
    if (!(error instanceof Interruption)) throw error;
    if (++this.#failures >= this.#tries) {
      throw new UserError(
        `${this.#name}: gave up at byte ${position} after ${this.#failures} tries: ${error.message}`,
        "NETWORK",
      );
    }
    const wanted = Math.max(this.#delay * 2 ** (this.#failures - 1), error.wait);
    const delay = Math.min(wanted, MAX_DELAY);
    if (delay >= TOLD_DELAY) {
      const seconds = Math.round(delay / 1000);
      warn(`${this.#name}: ${error.message}; trying again in ${seconds} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
}
