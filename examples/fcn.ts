/**
 * The system that AGD was published for: a fully connected network without biases (Bernstein et al.
 * 2023, arXiv:2304.05187, section 4), here of 2 to 16 layers on Fashion-MNIST, or on whatever comes
 * in MNIST's files. AGD as a GPT-2 has it, and AGD as published, neither with a rate to set, beside
 * SGD and Adam at several learning rates:
 *
 *     apt-get install dataset-fashion-mnist
 *     deno run --allow-read --allow-env examples/fcn.ts --depths 2,4,8,16
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import {
  AdamW,
  Agd,
  Gpu,
  initialWeights,
  type Kernel,
  matmul,
  type Optimizer,
  type OptimizerTarget,
  type ParameterSpec,
  Plan,
  Sgd,
  spread,
  type Tensor,
  type TensorMap,
  UserError,
} from "../mod.ts";
import { CLASSES, type Images, PIXELS, readImages } from "./mnist.ts";

/** y = √2 max(x, 0), which keeps the mean square of what is as often positive as negative. */
const RECTIFY = /* wgsl */ `
@group(0) @binding(0) var<uniform> size: u32;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < size) { y[i] = sqrt(2.0) * max(x[i], 0.0); }
}`;

/** dx = √2 dy where y is positive, in the place of dy. */
const RECTIFY_BACKWARD = /* wgsl */ `
@group(0) @binding(0) var<uniform> size: u32;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> dy: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < size) { dy[i] = select(0.0, sqrt(2.0) * dy[i], y[i] > 0.0); }
}`;

/** Each row's loss, -log softmax(logits)[label], whether it is right, and the mean's gradient. */
const CLASSIFY = /* wgsl */ `
struct Parameters { rows: u32, classes: u32 }
@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>; // becomes the gradient
@group(0) @binding(3) var<storage, read_write> results: array<vec2f>; // loss, and 1 if right
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= parameters.rows) { return; }
  let first = id.x * parameters.classes;
  let label = first + labels[id.x];
  var likeliest = first;
  for (var i = first; i < first + parameters.classes; i++) {
    if (logits[i] > logits[likeliest]) { likeliest = i; }
  }
  let largest = logits[likeliest];
  var sum = 0.0;
  for (var i = first; i < first + parameters.classes; i++) { sum += exp(logits[i] - largest); }
  results[id.x] = vec2f(
    log(sum) + largest - logits[label],
    select(0.0, 1.0, likeliest == label),
  );
  for (var i = first; i < first + parameters.classes; i++) {
    let probability = exp(logits[i] - largest) / sum;
    logits[i] = (probability - select(0.0, 1.0, i == label)) / f32(parameters.rows);
  }
}`;

/** A network of `depth` matrices with rectifiers between them. */
export class Network implements Disposable {
  readonly #images: Tensor;
  readonly #labels: Tensor;
  readonly #results: Tensor;
  readonly #training: Plan;

  private constructor(
    readonly target: OptimizerTarget,
    readonly batch: number,
  ) {
    const { gpu, weights } = target;
    this.#images = gpu.tensor("images", [batch, PIXELS]);
    this.#labels = gpu.tensor("labels", [batch], "u32");
    this.#results = gpu.tensor("results", [batch, 2]);
    this.#training = this.#plan(weights, true);
  }

  /** Makes one from (semi-)orthogonal matrices, times √(fan-out / fan-in). */
  static async create(
    gpu: Gpu,
    { depth, width, batch, seed }: { depth: number; width: number; batch: number; seed: number },
  ): Promise<Network> {
    const table = Array.from({ length: depth }, (_, layer): ParameterSpec => {
      const fanIn = layer === 0 ? PIXELS : width;
      const fanOut = layer === depth - 1 ? CLASSES : width;
      return {
        ...{ name: `layer.${layer}`, role: "matrix", shape: [fanIn, fanOut], fanIn, fanOut },
        ...{ parts: 1, residual: false, trainable: true },
      };
    });
    const weights = await initialWeights(gpu, table, "orthogonal", seed);
    const gradients = new Map(
      table.map(({ name, shape }) => [name, gpu.tensor(`gradient ${name}`, shape)]),
    );
    return new Network({ gpu, table, weights, gradients }, batch);
  }

  /** Computes the gradients of a batch's mean loss; returns at once. */
  backward(images: Images, which: Uint32Array): void {
    this.#load(images, which);
    this.#training.run();
  }

  /** The mean loss, and the part of images that are told right, under these weights. */
  async evaluate(images: Images, weights: TensorMap): Promise<{ loss: number; accuracy: number }> {
    using plan = this.#plan(weights, false);
    const batches = Math.floor(images.labels.length / this.batch);
    let [loss, accuracy] = [0, 0];
    for (let i = 0; i < batches; i++) {
      this.#load(images, Uint32Array.from({ length: this.batch }, (_, j) => i * this.batch + j));
      plan.run();
      const results = await this.target.gpu.read(this.#results);
      results.forEach((value, at) => at % 2 === 0 ? loss += value : accuracy += value);
    }
    const count = batches * this.batch;
    return { loss: loss / count, accuracy: accuracy / count };
  }

  #load({ pixels, labels }: Images, which: Uint32Array): void {
    const rows = new Float32Array(this.batch * PIXELS);
    which.forEach((image, i) => {
      rows.set(pixels.subarray(image * PIXELS, (image + 1) * PIXELS), i * PIXELS);
    });
    this.target.gpu.write(this.#images, rows);
    this.target.gpu.write(this.#labels, which.map((image) => labels[image]));
  }

  /** h <- √2 max(h W, 0) layer by layer, the loss, and the gradients from the last layer on. */
  #plan(weights: TensorMap, trains: boolean): Plan {
    const { gpu, table, gradients } = this.target;
    const m = this.batch;
    const plan = new Plan(gpu);
    const own = (label: string, columns: number) => {
      const tensor = gpu.tensor(label, [m, columns]);
      plan.own(tensor);
      return tensor;
    };
    const elementwise = (kernel: Kernel, from: Tensor, to: Tensor) =>
      plan.dispatch(kernel, spread(Math.ceil(to.size / 64)), [to.size], [from, to]);
    const rectify = gpu.kernel("rectify", RECTIFY);
    const inputs = [this.#images]; // of each layer
    const outputs = table.map(({ name, fanIn, fanOut }, layer) => {
      const out = own(name, fanOut);
      matmul(gpu, plan, { a: inputs[layer], b: weights.get(name)!, out, m, n: fanOut, k: fanIn });
      if (layer === table.length - 1) return out;
      const rectified = own(`${name} rectified`, fanOut);
      elementwise(rectify, out, rectified);
      inputs.push(rectified);
      return out;
    });
    const classify = gpu.kernel("classify", CLASSIFY);
    const last = outputs.at(-1)!;
    const tensors = [this.#labels, last, this.#results];
    plan.dispatch(classify, [Math.ceil(m / 64)], [m, CLASSES], tensors);
    if (!trains) return plan;

    const backward = gpu.kernel("rectify_backward", RECTIFY_BACKWARD);
    for (const [layer, { name, fanIn, fanOut }] of [...table.entries()].reverse()) {
      const b = outputs[layer]; // the gradient by now
      const product = { a: inputs[layer], aTransposed: true, b, out: gradients.get(name)! };
      matmul(gpu, plan, { ...product, m: fanIn, n: fanOut, k: m });
      if (layer === 0) break;
      const out = outputs[layer - 1];
      const into = { a: b, b: weights.get(name)!, bTransposed: true, out };
      matmul(gpu, plan, { ...into, m, n: fanIn, k: fanOut });
      elementwise(backward, inputs[layer], out);
    }
    return plan;
  }

  /** Frees all that it holds. */
  [Symbol.dispose](): void {
    const { gpu, weights, gradients } = this.target;
    this.#training[Symbol.dispose]();
    gpu.free(this.#images, this.#labels, this.#results, ...weights.values(), ...gradients.values());
  }
}

/** What is tried, by name; a rate is a peak from which it falls to zero in a straight line. */
const OPTIMIZERS: Record<string, {
  rates: (number | undefined)[];
  make: (target: OptimizerTarget, learningRate: number) => Optimizer;
}> = {
  "AGD": { rates: [undefined], make: (target) => new Agd(target) },
  "AGD, published": {
    rates: [undefined],
    make: (target) => new Agd(target, { norm: "frobenius" }),
  },
  "SGD": {
    rates: [0.003, 0.01, 0.03, 0.1],
    make: (target, learningRate) => new Sgd(target, { learningRate }),
  },
  "Adam": {
    rates: [3e-4, 1e-3, 3e-3, 1e-2],
    make: (target, learningRate) =>
      new AdamW(target, { learningRate, betas: [0.9, 0.999], weightDecay: 0, clip: Infinity }),
  },
};

/** How a network is trained. */
export interface Training {
  depth: number;
  width: number;
  batch: number;
  steps: number;
  seed: number;
}

/** Trains a new network; returns its loss and accuracy on `test`. */
export async function trainNetwork(
  gpu: Gpu,
  [images, test]: readonly [Images, Images],
  { steps, ...shape }: Training,
  make: (target: OptimizerTarget) => Optimizer,
): Promise<{ loss: number; accuracy: number }> {
  using network = await Network.create(gpu, shape);
  using optimizer = make(network.target);
  const peak = optimizer.learningRate;
  const { labels: { length } } = images;
  const random = lehmer(shape.seed);
  for (let step = 0; step < steps; step++) {
    if (peak) optimizer.learningRate = peak * (1 - step / steps);
    const which = Uint32Array.from({ length: shape.batch }, () => Math.floor(random() * length));
    network.backward(images, which);
    optimizer.step();
  }
  return await network.evaluate(test, optimizer.evaluationWeights);
}

/** Uniform numbers in [0, 1) (Lehmer's generator with the constants of Park and Miller 1993). */
function lehmer(seed: number): () => number {
  let state = seed + 1;
  return () => (state = state * 48_271 % 2_147_483_647) / 2_147_483_647;
}

async function main(): Promise<void> {
  const known = ["data", "depths", "width", "batch", "steps", "seed"];
  const options = parseArgs(Deno.args, {
    string: known,
    unknown: (given) => {
      throw new UserError(`${given} is none of --${known.join(", --")}`, "USAGE");
    },
  });
  const numbers = (name: string, otherwise: string) =>
    String(options[name] ?? otherwise).split(",").map((text) => {
      if (/^\d+$/.test(text)) return Number(text);
      throw new UserError(`--${name} must be whole numbers, not ${text}`, "USAGE");
    });
  const depths = numbers("depths", "2,4,8,16");
  const [[width], [batch]] = [numbers("width", "256"), numbers("batch", "128")];
  const [[steps], [seed]] = [numbers("steps", "1000"), numbers("seed", "0")];
  const images = await readImages(String(options.data ?? "/usr/share/datasets/fashion-mnist"));
  using gpu = await Gpu.open();
  for (const depth of depths) {
    for (const [name, { rates, make }] of Object.entries(OPTIMIZERS)) {
      for (const rate of rates) {
        const training = { depth, width, batch, steps, seed };
        const { loss, accuracy } = await trainNetwork(
          ...[gpu, images, training] as const,
          (target) => make(target, rate!),
        );
        console.log(
          `depth ${depth}  ${name}${rate === undefined ? "" : ` ${rate}`}  ` +
            `test loss ${loss.toFixed(4)}  accuracy ${(100 * accuracy).toFixed(2)}%`,
        );
      }
    }
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exitCode = error.code === "USAGE" ? 2 : 1;
  }
}
