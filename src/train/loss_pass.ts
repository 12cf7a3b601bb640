import { type Activations, allocateActivations, freeActivations } from "../model/activations.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { lossPlan, uploadBatch } from "../model/passes.ts";
import type { Batch } from "../tokens/batch.ts";
import type { TensorMap } from "../model/weights.ts";

/** A forward pass over batches of one size, with the memory that it takes. */
export class LossPass implements Disposable {
  readonly #model: Gpt2;
  readonly #activations: Activations;
  readonly #plan: ReturnType<typeof lossPlan>;

  /**
   * @param weights What to run.
   * @param batch Sequences, each of the model's context.
   */
  constructor(model: Gpt2, weights: TensorMap, batch: number) {
    const { gpu, config } = model;
    this.#model = model;
    [this.#activations, this.#plan] = gpu.allocateAll(() => {
      const sizes = { batch, length: config.context, backward: false };
      const activations = allocateActivations(gpu, config, sizes);
      return [activations, lossPlan(gpu, config, weights, activations)];
    });
  }

  /**
   * Starts the pass over a batch; until it is read, `losses` and `meanLoss` are of it.
   *
   * @throws {UsageError} If a token is none of the vocabulary's.
   */
  run(batch: Batch): void {
    const { gpu, config } = this.#model;
    uploadBatch(gpu, config, this.#activations, batch);
    this.#plan.run();
  }

  /** (batch, context) the loss of each token of the last batch, in nats. */
  losses(): Promise<Float32Array> {
    return this.#model.gpu.read(this.#activations.outer.losses);
  }

  /** The mean of them. */
  async meanLoss(): Promise<number> {
    const [loss] = await this.#model.gpu.read(this.#activations.outer.loss);
    return loss;
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    freeActivations(this.#model.gpu, this.#activations);
    this.#plan[Symbol.dispose]();
  }
}
