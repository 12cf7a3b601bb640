import { hash } from "node:crypto";
import { Random } from "../../random.ts";

const ROUNDS = 6;

/**
 * A pseudo-random order of the numbers from 0 to `count` - 1 that takes no memory: a Feistel network
 * (Luby and Rackoff 1988) permutes the numbers of an even number of bits, and is applied until the
 * result is below `count` (cycle walking, Black and Rogaway 2002), fewer than 4 times on average.
 * It depends on nothing but a key, so any part of what is shuffled by it can be found again without
 * what came before.
 */
export class Permutation implements Iterable<number> {
  readonly #keys: number[];
  /** Half the bits of a number. */
  readonly #half: number;

  /**
   * @param count Below 2^52.
   * @param key E.g. a seed and an epoch: another key gives another order.
   */
  constructor(readonly count: number, ...key: readonly (number | string)[]) {
    const random = new Random(parseInt(hash("sha256", key.join()).slice(0, 13), 16)); // 52 bits
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

  /** All the numbers in this order. */
  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.count; index++) yield this.at(index);
  }
}

/** Each bit of the result depends on each bit of the number (MurmurHash3's last step). */
function mix(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
