/**
 * Processes that train one model together, each with a GPU of its own. Every process calls the same
 * methods in the same order; what a call gives is the same in all of them, bit for bit.
 */
export interface Communicator {
  /** The number of this process, from 0. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** Replaces values by their sums over all processes, element by element. */
  sum(values: Float32Array): Promise<void>;
  /** What each process brings, by rank; all bring the same number of bytes. */
  gather(bytes: Uint8Array): Promise<Uint8Array[]>;
  /** Replaces bytes by those of the process `root`; all have the same number. */
  broadcast(bytes: Uint8Array, root: number): Promise<void>;
  /** Waits until all processes are here. */
  barrier(): Promise<void>;
}

/**
 * One process by itself.
 *
 * @example
 * ```ts
 * import { type Communicator, SINGLE_PROCESS } from "@agd/gpt2";
 *
 * const alone: Communicator = SINGLE_PROCESS;
 * const values = Float32Array.of(1, 2);
 * await alone.sum(values);
 * console.log(alone.size, values); // 1, and the values as they were
 * ```
 */
export const SINGLE_PROCESS: Communicator = {
  rank: 0,
  size: 1,
  sum: () => Promise.resolve(),
  gather: (bytes) => Promise.resolve([bytes.slice()]),
  broadcast: () => Promise.resolve(),
  barrier: () => Promise.resolve(),
};
