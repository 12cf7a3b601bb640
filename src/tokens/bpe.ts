import ranks from "gpt-tokenizer/r50k_base_ranks";

const encoder = new TextEncoder();

/** What byte-pair encoding joins. */
export interface Merges {
  /** The token of each byte. */
  readonly tokenOfByte: ArrayLike<number>;
  /** The rank of the pair that two tokens are; -1 if it is none. Pairs of lower ranks come first. */
  rankOf(left: number, right: number): number;
  /** The token that the pair of a rank becomes. */
  joined(rank: number): number;
}

let gpt2: Merges | undefined; // made at the first use: many threads have none

/** GPT-2's: the token that stands for the bytes of both is also the rank of the pair. */
export function gpt2Merges(): Merges {
  return gpt2 ??= makeGpt2Merges();
}

function makeGpt2Merges(): Merges {
  const bytesOf = ranks.map((entry) => {
    if (typeof entry !== "string") return byteString(entry);
    return /^[\0-\x7f]*$/.test(entry) ? entry : byteString(encoder.encode(entry));
  });
  const tokenOf = new Map(bytesOf.map((bytes, token) => [bytes, token]));
  return {
    tokenOfByte: Array.from({ length: 256 }, (_, byte) => tokenOf.get(byteString([byte]))!),
    rankOf: (left, right) => tokenOf.get(bytesOf[left] + bytesOf[right]) ?? -1,
    joined: (rank) => rank,
  };
}

/** Ranks and positions share one number in the queue: a rank times this, and a position. */
const POSITIONS = 2 ** 32;

/**
 * Byte-pair encoding (Sennrich et al. 2016): starting from single bytes, of all neighbours that make
 * up a pair, those of the lowest rank are joined, from left to right, until there are none.
 *
 * The candidates wait in a priority queue, so that the time for n bytes grows as n log n.
 *
 * @param below Join no pairs of this rank or a higher one. @default all
 * @param merges The pairs. @default GPT-2's
 * @returns The tokens of the bytes.
 */
export function mergeBytes(
  bytes: Uint8Array,
  below = Infinity,
  merges: Merges = gpt2Merges(),
): number[] {
  const { tokenOfByte } = merges;
  const count = bytes.length;
  const tokens = new Int32Array(count);
  const next = new Int32Array(count);
  const previous = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    tokens[at] = tokenOfByte[bytes[at]];
    next[at] = at + 1; // `count` after the last
    previous[at] = at - 1;
  }
  /** The rank of the pair of the token at a position and its neighbour, or -1. */
  const rankAt = (at: number) => {
    const neighbour = next[at];
    return neighbour === count ? -1 : merges.rankOf(tokens[at], tokens[neighbour]);
  };
  const queue = new PairQueue();
  const offer = (at: number) => {
    const rank = rankAt(at);
    if (rank >= 0 && rank < below) queue.push(rank * POSITIONS + at);
  };
  for (let at = 0; at < count - 1; at++) offer(at);
  for (let key; (key = queue.pop()) !== undefined;) {
    const at = key % POSITIONS;
    const rank = Math.floor(key / POSITIONS);
    // What was offered may have been joined otherwise since.
    if (tokens[at] < 0 || rankAt(at) !== rank) continue;
    const neighbour = next[at];
    tokens[at] = merges.joined(rank);
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
