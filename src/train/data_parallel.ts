import type { Communicator } from "../communicator.ts";
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { inBuckets, Readback } from "../gpu/readback.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { sha256 } from "../sha256.ts";

/** Bytes of gradients that are summed at once: while they are, the next are computed or arrive. */
const BUCKET_BYTES = 2 ** 25;

/**
 * What a process of several has in common with the others: its gradients are summed with theirs, so
 * that each takes the same step. Exchanges are in the order in which they are asked for.
 */
export class DataParallel implements Disposable {
  /** The processes. */
  readonly communicator: Communicator;
  /**
   * Milliseconds that the last sum of gradients took from when this process had all of its own: the
   * network's, and the wait for slower processes.
   */
  waitMs = 0;
  readonly #gpu: Gpu;
  readonly #buckets: readonly Readback[];
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Allocates what gradients pass the host through.
   *
   * @param gradients All of them, those first that are known first.
   * @param bucketBytes How many are summed at once, unless a tensor is larger.
   */
  constructor(
    gpu: Gpu,
    gradients: readonly Tensor[],
    communicator: Communicator,
    bucketBytes = BUCKET_BYTES,
  ) {
    this.#gpu = gpu;
    this.communicator = communicator;
    const buckets = inBuckets(gradients, bucketBytes);
    this.#buckets = buckets.map((tensors, i) =>
      new Readback(gpu, tensors, i === buckets.length - 1 ? 1 : 0)
    );
  }

  /** Of values for all processes, one after the other, those of this one. */
  shareOf(values: Uint32Array): Uint32Array {
    const { rank, size } = this.communicator;
    const length = values.length / size;
    return values.subarray(rank * length, (rank + 1) * length);
  }

  /**
   * Replaces gradients by their sums over all processes, those of the last layers while the others
   * are still being computed.
   *
   * @param parts Submit a plan, and tell which gradients each has finished.
   * @param loss The mean loss of this process to come, asked for once all parts are submitted.
   * @returns The mean of all processes.
   */
  sumGradients(
    parts: Iterable<readonly Tensor[]>,
    loss: () => Promise<number>,
  ): Promise<number> {
    const started = this.#buckets.map(() => Promise.withResolvers<void>());
    const submitted = this.#submit(parts, (bucket) => started[bucket].resolve());
    const own = submitted.then(loss);
    own.catch(() => {}); // told of where it is waited for
    return this.#inTurn(async () => {
      const { size } = this.communicator;
      let ready = 0;
      const last = this.#buckets.at(-1)!;
      for (const [i, bucket] of this.#buckets.entries()) {
        await Promise.race([started[i].promise, submitted]);
        await bucket.finish();
        if (bucket === last) {
          bucket.values[bucket.values.length - 1] = await own / size;
          ready = performance.now();
        }
        await this.communicator.sum(bucket.values);
        bucket.write();
      }
      this.waitMs = performance.now() - ready;
      return last.values.at(-1)!;
    });
  }

  /** Submits all parts, and the copies of each bucket as soon as its gradients are finished. */
  async #submit(
    parts: Iterable<readonly Tensor[]>,
    onStart: (bucket: number) => void,
  ): Promise<void> {
    const finished = new Set<Tensor>();
    let next = 0;
    for (const tensors of parts) {
      for (const tensor of tensors) finished.add(tensor);
      for (; this.#buckets[next]?.tensors.every((tensor) => finished.has(tensor)); next++) {
        this.#buckets[next].start();
        onStart(next);
        if (!this.#gpu.isSoftware) continue;
        // It computes in this thread, which a bucket needs to set out.
        await this.#buckets[next].arrived;
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
  }

  /** The means of numbers over all processes. */
  mean(numbers: Promise<readonly number[]>): Promise<number[]> {
    return this.#inTurn(async () => {
      const values = Float32Array.from(await numbers, (value) => value / this.communicator.size);
      await this.communicator.sum(values);
      return [...values];
    });
  }

  /**
   * Replaces tensors by their means over all processes.
   *
   * @param others Replaced by those of the first process instead.
   */
  async average(tensors: readonly Tensor[], others: readonly Tensor[]): Promise<void> {
    const { rank, size } = this.communicator;
    for (const tensor of [...tensors, ...others]) {
      const values = await this.#gpu.read(tensor);
      if (!others.includes(tensor)) values.forEach((value, i) => values[i] = value / size);
      else if (rank > 0) values.fill(0);
      await this.#inTurn(() => this.communicator.sum(values));
      this.#gpu.write(tensor, values);
    }
  }

  /**
   * Makes sure that all processes hold the same weights after a step.
   *
   * @throws {UserError} If one does not; it is named.
   */
  async checkWeights(weights: Iterable<Tensor>, step: number): Promise<void> {
    let each = "";
    for (const tensor of weights) each += await sha256(await this.#gpu.read(tensor));
    const digest = new TextEncoder().encode(await sha256(new TextEncoder().encode(each)));
    const digests = await this.#inTurn(() => this.communicator.gather(digest));
    const texts = digests.map((bytes) => new TextDecoder().decode(bytes));
    const holders = (text: string) => texts.filter((other) => other === text).length;
    const right = texts.reduce((best, text) => holders(text) > holders(best) ? text : best);
    const other = texts.findIndex((text) => text !== right);
    if (other < 0) return;
    throw new UserError(
      `process ${other} of ${texts.length} holds other weights than process ` +
        `${texts.indexOf(right)} after step ${step}, as of unlike GPUs or drivers: all must have ` +
        "the same",
    );
  }

  #inTurn<T>(exchange: () => Promise<T>): Promise<T> {
    const made = this.#last.then(exchange, exchange);
    this.#last = made;
    made.catch(() => {}); // told of to whoever asked for it
    return made;
  }

  /** Frees its buffers. */
  [Symbol.dispose](): void {
    for (const bucket of this.#buckets) bucket[Symbol.dispose]();
  }
}
