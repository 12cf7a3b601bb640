/**
 * Measures what AGD does along a run, as docs/agd.md tells of it:
 *
 *     deno run --allow-all bench/along_run.ts --data manuals-bytes --steps 8000 --every 1000
 */
import { parseAgdVariant } from "../src/cli/agd_variant.ts";
import type { CommandSpec } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import type { Cell } from "../src/compare/cell.ts";
import { Corpus, SAMPLE_CORPUS } from "../src/compare/corpus.ts";
import { Gpu } from "../src/gpu/gpu.ts";
import { Gpt2 } from "../src/model/gpt2.ts";
import type { TensorMap } from "../src/model/weights.ts";
import { Agd } from "../src/optim/agd/agd.ts";
import type { AgdOptions } from "../src/optim/agd/options.ts";
import { Trainer } from "../src/train/trainer.ts";
import { markdownTable, type Result } from "./result.ts";

/** Of a step's update, for how much of it the loss is measured. */
const MULTIPLES = [0, 0.5, 1, 2, 4];
/** Batches whose gradients are taken to tell what they have in common. */
const BATCHES = 32;
/** On which losses are measured. */
const VALIDATION_BATCHES = 64;

const COMMAND: CommandSpec = {
  name: "along_run",
  summary: "Measures what AGD does along a run of a small model.",
  options: {
    data: { value: "PATH", help: "what to train on (default the sample corpus)" },
    steps: { value: "N", help: "length of the run (default 4000)" },
    every: { value: "N", help: "steps from one row to the next (default 500)" },
    batch: { value: "N", help: "sequences of 64 tokens a step (default 4)" },
    agd: { value: "SETTINGS", help: "a variant, as of compare" },
  },
  examples: ["--steps 2000 --agd growth=15"],
};

/**
 * Trains a small model with AGD, and measures some of its steps.
 *
 * @param every Steps from one that is measured to the next.
 */
export async function* measureAlong(
  cell: Cell & { steps: number },
  agd: AgdOptions,
  every: number,
): AsyncGenerator<Result> {
  const { batch, context, steps } = cell;
  using gpu = await Gpu.open();
  const corpus = await Corpus.open(cell.data, cell.vocabulary);
  await using training = await corpus.training(cell, 0);
  await using others = await corpus.training(cell, 1);
  const validation = await corpus.validation(cell, VALIDATION_BATCHES * batch * context);
  using model = await Gpt2.create(gpu, cell, { vocabulary: corpus.vocabulary });
  const { weights } = model;
  using trainer = new Trainer(model, { batch, optimizer: (target) => new Agd(target, agd) });
  const { optimizer } = trainer;
  let gradients: TensorMap = new Map();
  /** Takes gradients, and no step. */
  using probe = new Trainer(model, {
    batch,
    optimizer: (target) => {
      gradients = target.gradients;
      const none = { kind: "none", state: new Map(), evaluationWeights: weights };
      return { ...none, step() {}, [Symbol.dispose]() {} };
    },
  });

  /** All elements, one tensor after the other. */
  const read = async (tensors: TensorMap) => {
    const parts = await Promise.all([...tensors.values()].map((tensor) => gpu.read(tensor)));
    return new Float32Array(await new Blob(parts).arrayBuffer());
  };
  const write = (values: Float32Array<ArrayBuffer>) => {
    let at = 0;
    for (const tensor of weights.values()) {
      gpu.write(tensor, values.slice(at, at += tensor.size));
    }
  };
  /** The loss on held-out data with other weights, which stay. */
  const lossAt = async (values: Float32Array<ArrayBuffer>) => {
    write(values);
    let sum = 0;
    for (const batch of validation) sum += await probe.loss(batch);
    return sum / validation.length;
  };
  /** The mean of several gradients, and how much of a gradient's square two have in common. */
  const commonGradient = async () => {
    let squares = 0;
    let mean = new Float32Array();
    for (let i = 0; i < BATCHES; i++) {
      await probe.step((await others.next())!);
      const gradient = await read(gradients);
      squares += dot(gradient, gradient);
      mean = gradient.map((value, j) => (mean[j] ?? 0) + value / BATCHES);
    }
    const products = BATCHES ** 2 * dot(mean, mean) - squares;
    return { signal: products / ((BATCHES - 1) * squares), mean };
  };

  for (let step = 1; step <= steps; step++) {
    const tokens = (await training.next())!;
    if (step % every > 0) {
      await trainer.step(tokens);
      continue;
    }
    const before = await read(weights);
    const { eta, norms } = await trainer.step(tokens, true);
    const [after, average] = [await read(weights), await read(optimizer.evaluationWeights)];
    const state = [...optimizer.state].filter(([name]) => name.startsWith("momentum."));
    const momentum = await read(new Map(state));
    const losses: number[] = [];
    for (const multiple of MULTIPLES) losses.push(await lossAt(between(before, after, multiple)));
    const atAverage = await lossAt(average);
    const atMiddle = await lossAt(between(average, after, 0.5));
    write(before);
    const { signal, mean } = await commonGradient();
    write(after);
    yield {
      name: String(step),
      eta,
      "best of its multiples": MULTIPLES[losses.indexOf(Math.min(...losses))],
      "the step gains": losses[0] - losses[MULTIPLES.indexOf(1)],
      "signal in a gradient": signal,
      "cosine of momentum": cosine(momentum, mean),
      "loss at the average": atAverage,
      "between": atMiddle,
      "at the iterate": losses[MULTIPLES.indexOf(1)],
      "attention / s": norms?.attention?.weight,
      "MLP / s": norms?.mlp?.weight,
      "rows / s": norms?.embeddings?.weight,
    };
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function cosine(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** What is so much of the way from a to b. */
function between(
  a: Float32Array<ArrayBuffer>,
  b: Float32Array<ArrayBuffer>,
  part: number,
): Float32Array<ArrayBuffer> {
  return a.map((value, i) => value + part * (b[i] - value));
}

if (import.meta.main) {
  await main(COMMAND, async (options) => {
    const [steps, every] = [options.integer("steps") ?? 4000, options.integer("every") ?? 500];
    const variant = options.text("agd");
    const cell = {
      ...{ data: options.text("data") ?? SAMPLE_CORPUS, vocabulary: "compact" as const, steps },
      ...{ layers: 2, heads: 4, width: 64, context: 64, bias: true, affine: true },
      batch: options.integer("batch") ?? 4,
    };
    const agd = variant === undefined ? {} : parseAgdVariant(variant);
    console.log(markdownTable(await Array.fromAsync(measureAlong(cell, agd, every))));
  });
}
