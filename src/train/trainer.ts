import { compileKernels, type CompileOptions } from "../gpu/compile.ts";
import type { Plan } from "../gpu/plan.ts";
import { LocalSteps } from "../optim/local_steps.ts";
import { lossScale, LossScaled } from "../optim/loss_scaled.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { type Activations, allocateActivations, freeActivations } from "../model/activations.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { clearPlan, gradientPlan, halfWeights, lossPlan, uploadBatch } from "../model/passes.ts";
import type { Batch } from "../tokens/batch.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import type { Optimizer, OptimizerTarget } from "../optim/optimizer.ts";
import { UsageError } from "../errors.ts";
import { DataParallel } from "./data_parallel.ts";
import { OuterSteps } from "./outer_steps.ts";
import type { StepResult, TrainerOptions } from "./trainer_options.ts";

/**
 * A model, its optimiser and the plans of a step, all on the GPU.
 *
 * @example
 * ```ts
 * import { Agd, Gpu, loadCheckpoint, openTokenStream, Trainer } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * using trainer = new Trainer(model, { batch: 8, optimizer: (target) => new Agd(target) });
 * await using batches = await openTokenStream({
 *   data: ["data"],
 *   vocabulary: model.vocabulary,
 *   context: model.config.context,
 *   batch: 8,
 *   split: "training",
 *   seed: 1,
 * });
 * const { loss, eta } = await trainer.step(await batches.next());
 * console.log(loss, eta);
 * ```
 */
export class Trainer implements Disposable {
  /** The optimiser; its `evaluationWeights` are the ones to sample from and to save. */
  readonly optimizer: Optimizer;
  /**
   * Milliseconds of this thread that the last step took: to upload its batch and encode its
   * commands, mostly while the step before was running. The software driver does the work of the
   * GPU while it is submitted, which does not count.
   */
  hostMs = 0;
  /** What connects it with other processes, if there are any. */
  readonly parallel?: DataParallel;
  /** What brings processes together again that take steps by themselves. */
  readonly outer?: OuterSteps;
  /** Where there are: when all of the last step is submitted, and the next one may be. */
  submitted?: Promise<unknown>;
  readonly #model: Gpt2;
  readonly #batch: number;
  readonly #accumulate: number;
  readonly #gradients: TensorMap;
  readonly #half?: { copies: Tensor[]; plan: Plan };
  /** [0]: the loss scale of the next step. */
  readonly #lossScale?: Tensor;
  readonly #activations: Activations;
  readonly #clearPlan: Plan;
  readonly #gradientPlan: Plan;
  readonly #lossPlan: Plan;

  /**
   * Allocates everything that a step needs.
   *
   * @throws {UserError} If the adapter cannot hold a buffer or binding that this needs.
   * @throws {UsageError} If `batch`, `accumulate` or `syncEvery` is not a positive integer, or the
   * width is odd where it is to be `f16`.
   */
  constructor(model: Gpt2, options: TrainerOptions) {
    const { batch, accumulate = 1, recompute = false, precision = "f32", optimizer } = options;
    const { communicator, syncEvery = 1 } = options;
    for (const [name, value] of Object.entries({ batch, accumulate, syncEvery })) {
      if (Number.isSafeInteger(value) && value >= 1) continue;
      throw new UsageError(`${name} must be a positive integer, not ${value}`);
    }
    const { gpu, config, table, weights } = model;
    this.#model = model;
    this.#batch = batch;
    this.#accumulate = accumulate;
    const processes = communicator?.size ?? 1;
    const microBatches = accumulate * (syncEvery > 1 ? 1 : processes);
    const parts = gpu.allocateAll(() => {
      const gradients = allocateLike(gpu, table.filter((spec) => spec.trainable), "gradient");
      const sizes = { batch, length: config.context, backward: true, recompute, precision };
      const activations = allocateActivations(gpu, config, sizes);
      const target: OptimizerTarget = { gpu, table, weights, gradients };
      if (microBatches === 1) target.loss = activations.outer.loss;
      if (syncEvery === 1) target.communicator = communicator;
      const made = optimizer(target);
      const half = precision === "f16" ? halfWeights(gpu, table, weights) : undefined;
      // Gradients of the logits start at up to 1.
      const scale = half &&
        lossScale(gpu, 2 ** Math.ceil(Math.log2(microBatches * batch * config.context)));
      const plan = gradientPlan(gpu, config, half?.weights ?? weights, activations, gradients, {
        microBatches,
        lossScale: scale,
      });
      const parallel = communicator && processes > 1
        ? new DataParallel(gpu, plan.finished.flat(), communicator)
        : undefined;
      const scaled = scale ? new LossScaled(made, target, scale) : made;
      const local = syncEvery > 1 ? new LocalSteps(scaled, target, processes) : undefined;
      return {
        gradients,
        half,
        scale,
        optimizer: local ?? scaled,
        outer: local && new OuterSteps(model, local, syncEvery, parallel),
        activations,
        clearPlan: clearPlan(gpu, gradients),
        gradientPlan: plan,
        lossPlan: lossPlan(gpu, config, made.evaluationWeights, activations),
        parallel,
      };
    });
    this.#gradients = parts.gradients;
    this.#half = parts.half;
    this.#lossScale = parts.scale;
    this.optimizer = parts.optimizer;
    this.#activations = parts.activations;
    this.#clearPlan = parts.clearPlan;
    this.#gradientPlan = parts.gradientPlan;
    this.#lossPlan = parts.lossPlan;
    this.parallel = parts.parallel;
    this.outer = parts.outer;
  }

  /**
   * Compiles the kernels of a step and of {@linkcode loss} ahead, which the first of them would do
   * otherwise. {@linkcode train} does this.
   */
  async compile(options: CompileOptions = {}): Promise<void> {
    const plans = [this.#gradientPlan, this.#lossPlan, ...this.optimizer.plans ?? []];
    if (this.#half) plans.push(this.#half.plan);
    await compileKernels(this.#model.gpu, plans, options);
  }

  /**
   * Arithmetic operations of a step by section of its plans: `forward`, `loss`, `backward`, AGD's
   * `polar factors`, and the rest of the optimiser's, which has no name.
   */
  get work(): Map<string, number> {
    const sum = new Map<string, number>();
    const add = (plan: Plan, times = 1) => {
      for (const [section, work] of plan.work) {
        sum.set(section, (sum.get(section) ?? 0) + times * work);
      }
    };
    add(this.#gradientPlan, this.#accumulate);
    if (this.#half) add(this.#half.plan);
    for (const plan of this.optimizer.plans ?? []) add(plan);
    sum.delete("norms"); // measured only where they are asked for
    return sum;
  }

  /**
   * Submits one step: forward and backward for each micro-batch, and the update. The GPU starts at
   * once; the promise resolves when the step is done, and the next one may be submitted before
   * that.
   *
   * @param measure Whether to measure norms too, after the update.
   * @throws {UsageError} If the batch is not (accumulate * batch, context), times the number of
   * processes, or a token none of the vocabulary's.
   */
  step(batch: Batch, measure = false): Promise<StepResult> {
    const { gpu } = this.#model;
    const start = performance.now() - (gpu.isSoftware ? gpu.queue.submitMs : 0);
    this.#clearPlan.run();
    this.#half?.plan.run();
    const parallel = this.outer ? undefined : this.parallel;
    const losses = this.#runEach(this.#gradientPlan, batch, parallel ? 1 : 0);
    const together = parallel?.sumGradients(
      this.#gradientPlan.parts(),
      () => meanOf([...losses, this.#readLoss()]),
    );
    const updated = together?.then(async (loss) => {
      const { scale, stepped } = this.#update();
      this.parallel!.waitMs += await stepped ?? 0;
      return { loss, scale };
    });
    const result = updated?.then(({ loss, scale }) => this.#outcome(loss, measure, scale)) ??
      this.#outcome(meanOf(losses), measure, this.#update().scale);
    this.submitted = updated;
    this.hostMs = performance.now() - (gpu.isSoftware ? gpu.queue.submitMs : 0) - start;
    return result;
  }

  /** Submits the update by gradients that are submitted; the loss scale is that before it. */
  #update(): { scale?: Promise<Float32Array>; stepped: void | Promise<number> } {
    const scale = this.#lossScale && this.#model.gpu.read(this.#lossScale);
    scale?.catch(() => {}); // told of with the outcome
    return { scale, stepped: this.optimizer.step() };
  }

  /** What a step gave that is submitted. */
  #outcome(
    mean: number | Promise<number>,
    measure: boolean,
    scale?: Promise<Float32Array>,
  ): Promise<StepResult> {
    const { summary } = this.optimizer;
    return Promise.all([
      mean,
      summary ? this.#model.gpu.read(summary) : [0],
      measure ? this.optimizer.norms?.() : undefined,
      scale,
    ]).then(([loss, [skipped, eta, gradientSummary], norms, scale]) => {
      const scaled = scale ? { lossScale: scale[0] } : {};
      if (skipped) return { loss, skipped: true, ...scaled };
      const chosen = eta === undefined ? {} : { eta, gradientSummary };
      return { loss, skipped: false, ...chosen, ...scaled, ...norms && { norms } };
    });
  }

  /**
   * Makes sure that all processes hold the same weights after a step.
   *
   * @throws {UserError} If one does not; it is named.
   */
  async checkWeights(step: number): Promise<void> {
    await this.parallel?.checkWeights(this.#model.weights.values(), step);
  }

  /**
   * The mean loss of a batch under the weights that the optimiser would have evaluated, in nats
   * per token.
   *
   * @throws {UsageError} If the batch is not (accumulate * batch, context), times the number of
   * processes, or a token none of the vocabulary's.
   */
  async loss(batch: Batch): Promise<number> {
    const loss = meanOf(this.#runEach(this.#lossPlan, batch));
    if (!this.parallel) return await loss;
    const [mean] = await this.parallel.mean(loss.then((loss) => [loss]));
    return mean;
  }

  /**
   * Uploads each micro-batch and submits a plan for it.
   *
   * @param left For how many, the last ones, the plan is not submitted: at most 1.
   * @returns The losses to come.
   */
  #runEach(plan: Plan, { inputs, targets }: Batch, left = 0): Promise<Float32Array>[] {
    const { gpu, config } = this.#model;
    const { context } = config;
    const processes = this.parallel?.communicator.size ?? 1;
    const sequences = processes * this.#accumulate * this.#batch;
    if (inputs.length !== sequences * context || targets.length !== sequences * context) {
      throw new UsageError(`a batch must hold ${sequences} sequences of ${context} tokens`);
    }
    const losses: Promise<Float32Array>[] = [];
    for (let i = 0; i < this.#accumulate; i++) {
      const part = (all: Uint32Array) =>
        (this.parallel?.shareOf(all) ?? all)
          .subarray(i * this.#batch * context, (i + 1) * this.#batch * context);
      uploadBatch(gpu, config, this.#activations, { inputs: part(inputs), targets: part(targets) });
      if (i >= this.#accumulate - left) break;
      plan.run();
      losses.push(this.#readLoss());
    }
    return losses;
  }

  /** The loss of the micro-batch that was submitted last. */
  #readLoss(): Promise<Float32Array> {
    const loss = this.#model.gpu.read(this.#activations.outer.loss);
    loss.catch(() => {}); // told of by the mean, unless submitting fails before that
    return loss;
  }

  /** Frees everything but the model. */
  [Symbol.dispose](): void {
    this.optimizer[Symbol.dispose]();
    this.parallel?.[Symbol.dispose]();
    freeActivations(this.#model.gpu, this.#activations);
    this.#clearPlan[Symbol.dispose]();
    this.#gradientPlan[Symbol.dispose]();
    this.#lossPlan[Symbol.dispose]();
    this.#half?.plan[Symbol.dispose]();
    this.#model.gpu.free(...this.#gradients.values(), ...this.#half?.copies ?? []);
  }
}

/** The mean of the losses of micro-batches, which all have the same number of tokens. */
async function meanOf(losses: readonly Promise<Float32Array>[]): Promise<number> {
  const values = (await Promise.all(losses)).map(([loss]) => loss);
  return values.reduce((a, b) => a + b) / values.length;
}
