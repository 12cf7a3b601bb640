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

/** Counts failures in a row, and waits after each. */
export class Retries {
  #failures = 0;
  readonly #name: string;
  readonly #tries: number;
  readonly #delay: number;

  constructor(name: string, { tries = 10, delay = 1000 }: HttpOptions) {
    this.#name = name;
    this.#tries = tries;
    this.#delay = delay;
  }

  reset(): void {
    this.#failures = 0;
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
