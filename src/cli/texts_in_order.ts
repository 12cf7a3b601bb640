import type { SamplePiece } from "../sample/samples.ts";

/**
 * Writes texts that grow at the same time one after the other: the first as it grows, and each of the
 * others once those before it are whole.
 */
export class TextsInOrder {
  readonly #write: (text: string) => void;
  /** What is to be written of the texts that come later. */
  readonly #held: string[];
  readonly #isWhole: boolean[];
  #current = 0;

  /** @param begins What each text begins with. */
  constructor(begins: readonly string[], write: (text: string) => void) {
    this.#write = write;
    this.#held = [...begins];
    this.#isWhole = begins.map(() => false);
    write(this.#held[0]);
  }

  /** Adds to a text; a line ends after each that is whole. */
  add({ sample, text, isLast }: SamplePiece): void {
    if (sample === this.#current) this.#write(text);
    else this.#held[sample] += text;
    this.#isWhole[sample] = isLast;
    while (this.#isWhole[this.#current]) {
      this.#write("\n");
      this.#current++;
      if (this.#current < this.#held.length) this.#write(this.#held[this.#current]);
    }
  }
}
