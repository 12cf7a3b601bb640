import type { Plan } from "../gpu/plan.ts";
import { type Activations, allocateActivations, freeActivations } from "../model/activations.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { gradientPlan, lossPlan, type TokenBatch, uploadBatch } from "../model/passes.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import type { Optimizer, OptimizerTarget } from "../optim/optimizer.ts";
import { UsageError } from "../errors.ts";

/** How to train. */
export interface TrainerOptions {
  /** Sequences in a batch. */
  batch: number;
  /** Makes the optimiser, e.g. `(target) => new Agd(target)`. */
  optimizer: (target: OptimizerTarget) => Optimizer;
}

/** What one step gave. */
export interface StepResult {
  /** Mean loss of the batch before the update, in nats per token. */
  loss: number;
  /** AGD's automatic step size. */
  eta?: number;
  /** AGD's gradient summary, G. */
  gradientSummary?: number;
}

/**
 * A model, its optimiser and the plans of a step, all on the GPU.
 *
 * @example
 * ```ts no-run
 * import { Agd, type Gpt2, type TokenBatch, Trainer } from "@agd/gpt2";
 *
 * declare const model: Gpt2;
 * declare const batch: TokenBatch;
 * using trainer = new Trainer(model, { batch: 8, optimizer: (target) => new Agd(target) });
 * const { loss, eta } = await trainer.step(batch);
 * ```
 */
export class Trainer implements Disposable {
  /** The optimiser; its `evaluationWeights` are the ones to sample from and to save. */
  readonly optimizer: Optimizer;
  readonly #model: Gpt2;
  readonly #batch: number;
  readonly #gradients: TensorMap;
  readonly #activations: Activations;
  readonly #gradientPlan: Plan;
  readonly #lossPlan: Plan;

  /**
   * Allocates everything that a step needs.
   *
   * @throws {UserError} If the adapter cannot hold a buffer or binding that this needs.
   * @throws {UsageError} If `batch` is not a positive integer.
   */
  constructor(model: Gpt2, { batch, optimizer }: TrainerOptions) {
    if (!Number.isSafeInteger(batch) || batch < 1) {
      throw new UsageError(`batch must be a positive integer, not ${batch}`);
    }
    const { gpu, config, table, weights } = model;
    this.#model = model;
    this.#batch = batch;
    const parts = gpu.allocateAll(() => {
      const gradients = allocateLike(gpu, table.filter((spec) => spec.trainable), "gradient");
      const made = optimizer({ gpu, table, weights, gradients });
      const sizes = { batch, length: config.context, backward: true };
      const activations = allocateActivations(gpu, config, sizes);
      return {
        gradients,
        optimizer: made,
        activations,
        gradientPlan: gradientPlan(gpu, config, weights, activations, gradients),
        lossPlan: lossPlan(gpu, config, made.evaluationWeights, activations),
      };
    });
    this.#gradients = parts.gradients;
    this.optimizer = parts.optimizer;
    this.#activations = parts.activations;
    this.#gradientPlan = parts.gradientPlan;
    this.#lossPlan = parts.lossPlan;
  }

  /**
   * Submits one step: forward, backward and update. The GPU starts at once; the promise resolves
   * when the step is done, and the next one may be submitted before that.
   *
   * @throws {UsageError} If the batch is not (batch, context).
   */
  step(batch: TokenBatch): Promise<StepResult> {
    const { gpu } = this.#model;
    this.#upload(batch);
    this.#gradientPlan.run();
    this.optimizer.step();
    const { summary } = this.optimizer;
    const loss = gpu.read(this.#activations.outer.loss);
    if (!summary) return loss.then(([loss]) => ({ loss }));
    return Promise.all([loss, gpu.read(summary)])
      .then(([[loss], [eta, gradientSummary]]) => ({ loss, eta, gradientSummary }));
  }

  /**
   * The mean loss of a batch under the weights that the optimiser would have evaluated, in nats
   * per token.
   *
   * @throws {UsageError} If the batch is not (batch, context).
   */
  async loss(batch: TokenBatch): Promise<number> {
    this.#upload(batch);
    this.#lossPlan.run();
    const [loss] = await this.#model.gpu.read(this.#activations.outer.loss);
    return loss;
  }

  #upload(batch: TokenBatch): void {
    const size = this.#batch * this.#model.config.context;
    if (batch.inputs.length !== size || batch.targets.length !== size) {
      throw new UsageError(
        `a batch must hold ${this.#batch} sequences of ${this.#model.config.context} tokens`,
      );
    }
    uploadBatch(this.#model.gpu, this.#activations, batch);
  }

  /** Frees everything but the model. */
  [Symbol.dispose](): void {
    this.optimizer.dispose();
    freeActivations(this.#model.gpu, this.#activations);
    this.#gradientPlan[Symbol.dispose]();
    this.#lossPlan[Symbol.dispose]();
    this.#model.gpu.free(...this.#gradients.values());
  }
}
