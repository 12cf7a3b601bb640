import type { Communicator } from "../comm/communicator.ts";
import { UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Readback } from "../gpu/readback.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { TensorMap } from "../model/weights.ts";
import { sha256 } from "../sha256.ts";

/** Bytes of gradients that are summed at once, unless a tensor is larger: one is, the next arrives. */
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
   * @param gradients Those of a micro-batch's part in the mean over all processes.
   */
  constructor(gpu: Gpu, gradients: TensorMap, communicator: Communicator) {
    this.#gpu = gpu;
    this.communicator = communicator;
    const buckets = inBuckets([...gradients.values()]);
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
   * Replaces the gradients, when they are submitted, by their sums over all processes.
   *
   * @param loss The mean loss of this process to come.
   * @returns The mean of all processes, and what the wait was.
   */
  sumGradients(loss: Promise<number>): Promise<number> {
    for (const bucket of this.#buckets) bucket.start();
    return this.#inTurn(async () => {
      const { size } = this.communicator;
      let ready = 0;
      const last = this.#buckets.at(-1)!;
      for (const bucket of this.#buckets) {
        await bucket.finish();
        if (bucket === last) {
          bucket.values[bucket.values.length - 1] = await loss / size;
          ready = performance.now();
        }
        await this.communicator.sum(bucket.values);
        bucket.write();
      }
      this.waitMs = performance.now() - ready;
      return last.values.at(-1)!;
    });
  }

  /** The mean of a loss over all processes, each of as many tokens. */
  meanLoss(loss: Promise<number>): Promise<number> {
    return this.#inTurn(async () => {
      const mean = Float32Array.of(await loss / this.communicator.size);
      await this.communicator.sum(mean);
      return mean[0];
    });
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

/** Tensors in groups of about a bucket's size. */
function inBuckets(tensors: readonly Tensor[]): Tensor[][] {
  const buckets: Tensor[][] = [];
  let bytes = Infinity;
  for (const tensor of tensors) {
    if (bytes + tensor.size * 4 > BUCKET_BYTES) {
      buckets.push([]);
      bytes = 0;
    }
    buckets.at(-1)!.push(tensor);
    bytes += tensor.size * 4;
  }
  return buckets;
}
