import type { Gpu } from "../gpu/gpu.ts";
import { f32, Plan, spread } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { copyWeights, type TensorMap } from "../model/weights.ts";
import { READ, reading } from "../ops/includes.ts";
import { THREADS } from "../ops/threads.ts";
import { OptimizerAround } from "./around.ts";
import { named, type Optimizer, type OptimizerTarget, trainable } from "./optimizer.ts";
import { spansOf } from "./spans.ts";
import source from "../../wgsl/optim/schedule_free.wgsl" with { type: "text" };
import weightSource from "../../wgsl/optim/schedule_free_weight.wgsl" with { type: "text" };

/** An iterate weighs in the average by this power of its learning rate. */
const POWER = 2;

/** Settings of {@linkcode ScheduleFree}. */
export interface ScheduleFreeOptions {
  /** b: how far from the iterate to the average gradients are taken. @default 0.9 */
  interpolation?: number;
  /** How fast b goes to 1 after warm-up, AMUSE's rho; 0 for never. @default 0 */
  approach?: number;
  /** Steps of warm-up, an integer of at least 1, in which b stays as it is. @default 1 */
  warmup?: number;
}

/**
 * An optimiser made schedule-free (Defazio et al. 2024, arXiv:2405.15682): it moves an iterate z by
 * gradients that are taken at y, between z and the average x of all iterates, which is evaluated.
 * An iterate weighs in the average by the square of its learning rate, so that warm-up counts
 * little; after that the rate is to stay as it is:
 *
 *     x <- x + c (z - x),  c = lr² / sum of lr² so far
 *     y <- z + b (x - z)
 *
 * Around {@linkcode Muon}, whose decay is then that of z, it is SF-NorMuon (Apte et al. 2026,
 * arXiv:2605.23061) but for that method's division of updates by the size of their rows. With
 * `approach` it is AMUSE (Kim et al. 2026, arXiv:2605.22432), in which b goes to 1 as c, from c_0 at
 * the end of warm-up, goes to 0:
 *
 *     b = 1 - (c (1 - c_0) / (c_0 (1 - c)))^approach (1 - interpolation)
 *
 * @example
 * ```ts
 * import { Gpu, Muon, type OptimizerTarget, ScheduleFree } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const table = [{
 *   name: "weight",
 *   shape: [32, 64],
 *   role: "matrix",
 *   parts: 1,
 *   fanIn: 32,
 *   fanOut: 64,
 *   residual: false,
 *   trainable: true,
 * }] as const;
 * const tensors = () => new Map([["weight", gpu.tensor("weight", [32, 64])]]);
 * const target: OptimizerTarget = { gpu, table, weights: tensors(), gradients: tensors() };
 * const muon = (target: OptimizerTarget) => new Muon(target, { learningRate: 0.01 });
 * using optimizer = new ScheduleFree(target, muon);
 * gpu.write(target.gradients.get("weight")!, new Float32Array(32 * 64).fill(0.01));
 * optimizer.step();
 * console.log((await gpu.read(target.weights.get("weight")!))[0]); // below 0: downhill
 * ```
 */
export class ScheduleFree extends OptimizerAround {
  /** Tells its state from another optimiser's. */
  readonly kind: string;
  /**
   * That of the optimiser within, the iterate z, and `weighting`: the sum of lr², c, b, c_0 and the
   * number of steps.
   */
  readonly state: TensorMap;
  readonly #averages: TensorMap;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #scalars: Tensor;

  /**
   * Starts from the weights as they are.
   *
   * @param make Makes the optimiser within, which has a learning rate and tells of skipped steps.
   */
  constructor(
    target: OptimizerTarget,
    make: (target: OptimizerTarget) => Optimizer,
    { interpolation = 0.9, approach = 0, warmup = 1 }: ScheduleFreeOptions = {},
  ) {
    const { gpu, weights } = target;
    const specs = trainable(target);
    const iterates = copyWeights(gpu, specs, weights, "iterate");
    const averages = copyWeights(gpu, specs, weights, "average");
    const inner = make({ ...target, weights: new Map([...weights, ...iterates]) });
    const plan = new Plan(gpu);
    super(inner, [plan]);
    this.#gpu = gpu;
    this.#plan = plan;
    const weighting = gpu.tensor("schedule-free weighting", [5]);
    this.#scalars = gpu.tensor("schedule-free scalars", [1]);
    plan.own(weighting, this.#scalars, ...iterates.values(), ...averages.values());
    const weigh = gpu.kernel("schedule_free_weight", weightSource, {});
    plan.dispatch(
      weigh,
      [1],
      [f32(POWER), f32(interpolation), f32(approach), f32(warmup)],
      [inner.summary!, this.#scalars, weighting],
    );
    const { TEXELS, read } = reading(gpu, [], false);
    const kernel = gpu.kernel("schedule_free", source, { THREADS, TEXELS }, READ);
    for (const { tensors } of spansOf(gpu, specs, [iterates, averages, weights])) {
      const [iterate, average, weight] = tensors;
      const groups = spread(Math.ceil(iterate.size / THREADS));
      plan.dispatch(kernel, groups, [iterate.size], [
        ...[weighting, read(iterate), average, weight],
        ...TEXELS ? [read(average)] : [],
      ]);
    }
    this.kind = `schedule-free ${inner.kind}`;
    this.state = new Map([
      ...inner.state,
      ...named("iterate", iterates),
      ["weighting", weighting],
    ]);
    this.#averages = new Map([...weights, ...averages]);
  }

  /** The average x. */
  override get evaluationWeights(): TensorMap {
    return this.#averages;
  }

  /** Submits one update of the weights from the gradients; returns at once. */
  step(): void {
    this.inner.step();
    this.#gpu.write(this.#scalars, Float32Array.of(this.learningRate!));
    this.#plan.run();
  }
}
