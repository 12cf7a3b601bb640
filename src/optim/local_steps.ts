import { f32, Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { allocateLike, type TensorMap } from "../model/weights.ts";
import { OptimizerAround } from "./around.ts";
import { named, type Optimizer, type OptimizerTarget, trainable } from "./optimizer.ts";
import { elementwise, spansOf } from "./spans.ts";
import movementSource from "../../wgsl/optim/movement.wgsl" with { type: "text" };
import outerSource from "../../wgsl/optim/outer_step.wgsl" with { type: "text" };

/** The outer step's rate: that of DiLoCo's experiments (arXiv:2311.08105, section 3). */
const RATE = 0.7;
/** Its momentum. There it is 0.9, with which AGD's steps, long as they are, go too far. */
const MOMENTUM = 0.5;

/**
 * An optimiser with which each of several processes takes some steps by itself; then all take one
 * outer step by how far they have come on average, with Nesterov's momentum: DiLoCo (Douillard et al.
 * 2023, arXiv:2311.08105, algorithm 1). Its state but for `outer_momentum` is each process's own.
 */
export class LocalSteps extends OptimizerAround {
  /** That of the optimiser, and `local steps`. */
  readonly kind: string;
  /** That of the optimiser, and `outer_momentum`. */
  readonly state: TensorMap;
  /** Steps since the last outer one. */
  taken = 0;
  readonly #start: Plan;
  readonly #movement: Plan;
  readonly #outer: Plan;

  /** @param processes How many take part. */
  constructor(inner: Optimizer, target: OptimizerTarget, processes: number) {
    const { gpu, weights, gradients } = target;
    const [start, movement, outer] = [new Plan(gpu), new Plan(gpu), new Plan(gpu)];
    super(inner, [start, movement, outer]);
    const specs = trainable(target);
    const starts = allocateLike(gpu, specs, "start");
    const momenta = allocateLike(gpu, specs, "outer momentum");
    this.kind = `${inner.kind}, local steps`;
    this.state = new Map([...inner.state, ...named("outer_momentum", momenta)]);

    const copy = (plan: Plan, from: TensorMap, to: TensorMap) => {
      for (const { name } of specs) plan.copy(from.get(name)!, to.get(name)!);
    };
    start.own(...starts.values(), ...momenta.values());
    copy(start, weights, starts);
    copy(movement, starts, gradients);
    const moved = spansOf(gpu, specs, [weights, gradients]);
    elementwise(gpu, movement, ["movement", movementSource], [], moved, [f32(processes)], 1);
    movement.finish(...gradients.values());
    const spans = spansOf(gpu, specs, [gradients, starts, momenta]);
    const constants = [f32(RATE), f32(MOMENTUM)];
    elementwise(gpu, outer, ["outer_step", outerSource], [], spans, constants, 1);
    copy(outer, starts, weights);
    this.#start = start;
    this.#movement = movement;
    this.#outer = outer;
  }

  /** Submits a step of this process's own. */
  step(): void {
    if (this.taken++ === 0) this.#start.run();
    this.inner.step();
  }

  /** Leaves in the gradients this process's part of how far all have come on average. */
  movement(): Iterable<readonly Tensor[]> {
    return this.#movement.parts();
  }

  /** Submits the outer step, by the sums of what {@linkcode movement} left. */
  outerStep(): void {
    this.#outer.run();
    this.taken = 0;
  }
}
