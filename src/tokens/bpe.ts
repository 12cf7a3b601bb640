import ranks from "gpt-tokenizer/r50k_base_ranks";

const encoder = new TextEncoder();

/** GPT-2's tokens and their bytes, as strings of the characters U+0000 to U+00FF. */
interface Tables {
  bytesOf: readonly string[];
  /** The token that stands for some bytes, which is also its rank among the merges. */
  tokenOf: ReadonlyMap<string, number>;
  tokenOfByte: readonly number[];
}

let tables: Tables | undefined; // made at the first use: many threads have none

function makeTables(): Tables {
  const bytesOf = ranks.map((entry) => {
    if (typeof entry !== "string") return byteString(entry);
    return /^[\0-\x7f]*$/.test(entry) ? entry : byteString(encoder.encode(entry));
  });
  const tokenOf = new Map(bytesOf.map((bytes, token) => [bytes, token]));
  const tokenOfByte = Array.from({ length: 256 }, (_, byte) => tokenOf.get(byteString([byte]))!);
  return { bytesOf, tokenOf, tokenOfByte };
}

/** Ranks and positions share one number in the queue: a rank times this, and a position. */
const POSITIONS = 2 ** 32;

/**
 * Byte-pair encoding (Sennrich et al. 2016) with GPT-2's merges: starting from single bytes, of all
 * neighbours that make up a token, those that make up the one of the lowest rank are joined, from
 * left to right, until there are none.
 *
 * The candidates wait in a priority queue, so that the time for n bytes grows as n log n.
 *
 * @param below Join no neighbours to this token or a later one. @default all
 * @returns GPT-2's tokens of the bytes.
 */
export function mergeBytes(bytes: Uint8Array, below = Infinity): number[] {
  const { bytesOf, tokenOf, tokenOfByte } = tables ??= makeTables();
  const count = bytes.length;
  const tokens = new Int32Array(count);
  const next = new Int32Array(count);
  const previous = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    tokens[at] = tokenOfByte[bytes[at]];
    next[at] = at + 1; // `count` after the last
    previous[at] = at - 1;
  }
  /** The token that the one at a position and its neighbour make up, or -1. */
  const joined = (at: number) => {
    const neighbour = next[at];
    if (neighbour === count) return -1;
    return tokenOf.get(bytesOf[tokens[at]] + bytesOf[tokens[neighbour]]) ?? -1;
  };
  const queue = new PairQueue();
  const offer = (at: number) => {
    const token = joined(at);
    if (token >= 0 && token < below) queue.push(token * POSITIONS + at);
  };
  for (let at = 0; at < count - 1; at++) offer(at);
  for (let key; (key = queue.pop()) !== undefined;) {
    const at = key % POSITIONS;
    const token = Math.floor(key / POSITIONS);
    // What was offered may have been joined otherwise since.
    if (tokens[at] < 0 || joined(at) !== token) continue;
    const neighbour = next[at];
    tokens[at] = token;
    tokens[neighbour] = -1;
    next[at] = next[neighbour];
    if (next[at] < count) previous[next[at]] = at;
    offer(at);
    if (previous[at] >= 0) offer(previous[at]);
  }
  const left: number[] = [];
  for (let at = 0; at < count; at = next[at]) left.push(tokens[at]);
  return left;
}

/** Gives back the smallest number first: a binary heap. */
class PairQueue {
  readonly #heap: number[] = [];

  push(key: number): void {
    const heap = this.#heap;
    let at = heap.push(key) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent] <= key) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = key;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const least = heap[0];
    const key = heap.pop();
    if (key === undefined || heap.length === 0) return key;
    let at = 0;
    for (let child; (child = 2 * at + 1) < heap.length; at = child) {
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= key) break;
      heap[at] = heap[child];
    }
    heap[at] = key;
    return least;
  }
}

function byteString(bytes: ArrayLike<number>): string {
  return String.fromCharCode(...Array.from(bytes));
}
