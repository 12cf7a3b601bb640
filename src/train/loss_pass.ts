import { type Activations, allocateActivations, freeActivations } from "../model/activations.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { lossPlan, uploadBatch } from "../model/passes.ts";
import type { Batch } from "../tokens/batch.ts";
import type { TensorMap } from "../model/weights.ts";

/** A forward pass over batches of one size, with the memory that it takes. */
export class LossPass implements Disposable {
  readonly #model: Gpt2;
  readonly #activations: Activations;
  readonly #plan: ReturnType<typeof lossPlan>;
  readonly #hits: Tensor | undefined;

  /**
   * @param weights What to run.
   * @param batch Sequences, each of the model's context.
   * @param marksHits Whether {@linkcode hits} are wanted. @default false
   */
  constructor(model: Gpt2, weights: TensorMap, batch: number, marksHits = false) {
    const { gpu, config } = model;
    this.#model = model;
    [this.#activations, this.#plan, this.#hits] = gpu.allocateAll(() => {
      const sizes = { batch, length: config.context, backward: false };
      const activations = allocateActivations(gpu, config, sizes);
      const hits = marksHits ? gpu.tensor("hits", [batch * config.context]) : undefined;
      return [activations, lossPlan(gpu, config, weights, activations, hits), hits];
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

  /** (batch, context) 1 where no token is likelier than the target, else 0. */
  async hits(): Promise<Float32Array> {
    if (!this.#hits) throw new Error("the pass marks no hits");
    return await this.#model.gpu.read(this.#hits);
  }

  /** The mean loss. */
  async meanLoss(): Promise<number> {
    const [loss] = await this.#model.gpu.read(this.#activations.outer.loss);
    return loss;
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    const { gpu } = this.#model;
    freeActivations(gpu, this.#activations);
    if (this.#hits) gpu.free(this.#hits);
    this.#plan[Symbol.dispose]();
  }
}
