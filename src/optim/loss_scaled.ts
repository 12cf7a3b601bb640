import type { Gpu } from "../gpu/gpu.ts";
import { f32, Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { TensorMap } from "../model/weights.ts";
import { OptimizerAround } from "./around.ts";
import { type Optimizer, type OptimizerTarget, trainable } from "./optimizer.ts";
import { elementwise, spansOf } from "./spans.ts";
import scaleSource from "../../wgsl/optim/loss_scale.wgsl" with { type: "text" };
import unscaleSource from "../../wgsl/optim/unscale_gradients.wgsl" with { type: "text" };

/** Steps without an overflow after which the scale doubles. */
const PATIENCE = 200;

/** A tensor (2) for {@linkcode LossScaled}: the scale, and the steps since it changed. */
export function lossScale(gpu: Gpu, initial: number): Tensor {
  return gpu.tensorFrom("loss scale", [2], Float32Array.of(initial, 0));
}

/**
 * An optimiser whose gradients come multiplied by a loss scale, so that small ones survive in 16
 * bits (Micikevicius et al. 2018, arXiv:1710.03740, section 3.2). They are divided by it before the
 * step. The scale adapts by itself: gradients that overflow halve it, and 200 steps without
 * an overflow double it. That a step with such gradients is skipped is the optimiser's part.
 */
export class LossScaled extends OptimizerAround {
  /** That of the optimiser, and `f16`. */
  readonly kind: string;
  /** That of the optimiser, and `loss_scale`. */
  readonly state: TensorMap;
  readonly #plan: Plan;

  /** @param scale From {@linkcode lossScale}; freed with this. */
  constructor(inner: Optimizer, target: OptimizerTarget, scale: Tensor) {
    const { gpu, gradients } = target;
    const plan = new Plan(gpu);
    super(inner, [plan]);
    this.#plan = plan;
    this.kind = `${inner.kind}, f16`;
    this.state = new Map([...inner.state, ["loss_scale", scale]]);
    const overflow = gpu.tensor("overflow", [1], "u32");
    plan.own(scale, overflow);
    const spans = spansOf(gpu, trainable(target), [gradients]);
    elementwise(gpu, plan, ["unscale_gradients", unscaleSource], [scale, overflow], spans, [], 0);
    plan.dispatch(gpu.kernel("loss_scale", scaleSource), [1], [f32(PATIENCE)], [scale, overflow]);
  }

  /** Divides the gradients by the scale, adapts it, and takes the optimiser's step. */
  step(): void | Promise<number> {
    this.#plan.run();
    return this.inner.step();
  }
}
