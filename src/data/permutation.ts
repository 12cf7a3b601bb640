import { Random } from "../random.ts";

const ROUNDS = 6;

/**
 * A pseudo-random order of the numbers from 0 to `count` - 1 that takes no memory: a Feistel network
 * (Luby and Rackoff 1988) permutes the numbers of an even number of bits, and is applied until the
 * result is below `count` (cycle walking, Black and Rogaway 2002), fewer than 4 times on average.
 */
export class Permutation {
  readonly #keys: number[];
  /** Half the bits of a number. */
  readonly #half: number;

  /**
   * @param count Below 2^52.
   * @param seed Any integer.
   * @param epoch Gives another order for the same seed.
   */
  constructor(readonly count: number, seed: number, epoch: number) {
    const random = new Random(new Random(seed).uint32() + epoch * 2 ** 32);
    this.#keys = Array.from({ length: ROUNDS }, () => random.uint32());
    this.#half = Math.max(1, Math.ceil(Math.log2(count) / 2));
  }

  /** The number at a place in the order. */
  at(index: number): number {
    const size = 2 ** this.#half;
    let number = index;
    do {
      let left = Math.floor(number / size);
      let right = number % size;
      for (const key of this.#keys) {
        [left, right] = [right, (left ^ mix(right ^ key)) & (size - 1)];
      }
      number = left * size + right;
    } while (number >= this.count);
    return number;
  }
}

/** Each bit of the result depends on each bit of the number (MurmurHash3's last step). */
function mix(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
