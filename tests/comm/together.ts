import type { Communicator } from "../../src/communicator.ts";

/** A meeting of all members: each brings something, and all get what all have brought. */
class Meeting<T> {
  readonly #brought: T[] = [];
  #open = Promise.withResolvers<T[]>();
  #count = 0;

  constructor(readonly size: number) {}

  bring(rank: number, value: T): Promise<T[]> {
    this.#brought[rank] = value;
    const { promise, resolve } = this.#open;
    if (++this.#count === this.size) {
      resolve(this.#brought.slice());
      this.#open = Promise.withResolvers();
      this.#count = 0;
    }
    return promise;
  }
}

/** Communicators of "processes" that are all in this one. */
export function together(size: number): Communicator[] {
  const meeting = new Meeting<Uint8Array>(size);
  return Array.from({ length: size }, (_, rank) => {
    const gather = (bytes: Uint8Array) => meeting.bring(rank, bytes.slice());
    return {
      rank,
      size,
      gather,
      async sum(values) {
        const all = await gather(
          new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        );
        values.fill(0);
        for (const bytes of all) {
          new Float32Array(bytes.buffer).forEach((value, i) => values[i] += value);
        }
      },
      async broadcast(bytes, root) {
        bytes.set((await gather(bytes))[root]);
      },
      async barrier() {
        await gather(new Uint8Array());
      },
    };
  });
}
