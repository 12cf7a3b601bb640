import { hash } from "node:crypto";
import { Random } from "../random.ts";

/**
 * The numbers from 0 to n - 1 in an order that depends on the key alone, e.g. on a seed and an
 * epoch: any part of what is shuffled by it can be found again without what came before.
 */
export function permutation(n: number, ...key: readonly number[]): Uint32Array {
  const random = new Random(parseInt(hash("sha256", key.join()).slice(0, 13), 16)); // 52 bits
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) { // Fisher and Yates
    const drawn = random.below(i + 1);
    [order[i], order[drawn]] = [order[drawn], order[i]];
  }
  return order;
}
