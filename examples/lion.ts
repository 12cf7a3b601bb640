/**
 * An optimiser of one's own: Lion (Chen et al. 2023, arXiv:2302.06675, algorithm 2) with its kernel,
 * and a few steps of training with it on the sample corpus:
 *
 *     deno run --allow-read --allow-env examples/lion.ts
 *
 * @module
 */
import {
  collectVocabulary,
  f32,
  Gpt2,
  Gpu,
  guardStep,
  openTokenStream,
  type OptimizerTarget,
  OptimizerWithRate,
  spread,
  type Tensor,
  type TensorMap,
  train,
  Trainer,
} from "../mod.ts";

/**
 * With m the average of the gradient g:
 *
 *     W <- W - lr (sign(beta1 m + (1 - beta1) g) + decay W)
 *     m <- beta2 m + (1 - beta2) g
 */
const KERNEL = /* wgsl */ `
struct Parameters {
  size: u32,
  beta1: f32,
  beta2: f32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> average: array<f32>;
// [0]: whether the step is skipped
@group(0) @binding(5) var<storage, read> progress: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  let g = gradient[i];
  let direction = sign(mix(g, average[i], parameters.beta1));
  weight[i] -= learning_rate[0] * (direction + parameters.decay * weight[i]);
  average[i] = mix(g, average[i], parameters.beta2);
}`;

/** Settings of {@linkcode Lion}. */
export interface LionOptions {
  /** Step size; `train` schedules it up to this. */
  learningRate: number;
  /** Of the direction, and of the average that is kept. @default [0.9, 0.99] */
  betas?: readonly [number, number];
  /** Decay of matrices and embeddings. @default 0.1 */
  weightDecay?: number;
}

/**
 * Moves every weight by the same amount, in the direction of the gradient's average. Each tensor is
 * one binding: where GPT-2's embedding of 154 MB exceeds what the adapter binds at once, it is refused.
 */
export class Lion extends OptimizerWithRate {
  readonly kind = "lion";
  readonly state: TensorMap;
  readonly evaluationWeights: TensorMap;
  readonly summary: Tensor;

  constructor(target: OptimizerTarget, options: LionOptions) {
    const { learningRate, betas: [beta1, beta2] = [0.9, 0.99], weightDecay = 0.1 } = options;
    const { gpu, table, weights, gradients } = target;
    super(gpu, learningRate);
    const { plan, rate } = this;
    this.evaluationWeights = weights;
    // A step whose gradients are not finite changes nothing.
    const { summary, progress } = guardStep(target, plan);
    this.summary = summary;
    const kernel = gpu.kernel("lion", KERNEL);
    const state = new Map<string, Tensor>();
    for (const { name, shape, role } of table.filter((spec) => spec.trainable)) {
      const average = gpu.tensor(`average ${name}`, shape);
      state.set(`average.${name}`, average);
      const decay = role === "matrix" || role === "embedding" ? weightDecay : 0;
      plan.dispatch(
        kernel,
        spread(Math.ceil(average.size / 64)),
        [average.size, f32(beta1), f32(beta2), f32(decay)],
        [rate, gradients.get(name)!, weights.get(name)!, average, progress],
      );
    }
    this.state = state;
    plan.own(...state.values());
  }
}

if (import.meta.main) {
  using gpu = await Gpu.open();
  const data = ["data"];
  const { vocabulary } = await collectVocabulary(data);
  const shape = { layers: 2, heads: 4, width: 64, context: 64 };
  using model = await Gpt2.create(gpu, shape, { vocabulary, initialisation: "normal" });
  const optimizer = (target: OptimizerTarget) => new Lion(target, { learningRate: 1e-3 });
  using trainer = new Trainer(model, { batch: 8, optimizer });
  const stream = { data, vocabulary, context: 64, batch: 8, seed: 0 };
  await using batches = await openTokenStream({ ...stream, split: "training" });
  await train(trainer, {
    batches,
    steps: 50,
    onStep: ({ step, loss }) => console.log(`step ${step}  loss ${loss.toFixed(4)}`),
  });
}
