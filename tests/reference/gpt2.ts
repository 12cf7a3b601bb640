/**
 * GPT-2 (Radford et al. 2019) in float64 on one page: what every kernel, and the model made of
 * them, is checked against.
 *
 * Shapes: B sequences of T ≤ context tokens, N = B·T rows, width C, vocabulary V.
 */
import type { Gpt2Config } from "../../src/model/config.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import * as attention from "./ops/attention.ts";
import * as crossEntropy from "./ops/cross_entropy.ts";
import * as embedding from "./ops/embedding.ts";
import * as gelu from "./ops/gelu.ts";
import * as layerNorm from "./ops/layer_norm.ts";
import * as linear from "./ops/linear.ts";
import { transpose } from "./ops/transpose.ts";

/** Parameters, or their gradients, by name. */
export type Tensors = Map<string, Float64Array>;

/** What the forward pass gives. */
export interface Gpt2Output {
  /** The mean cross-entropy in nats. */
  loss: number;
  /** (N) The cross-entropy of each token. */
  losses: Float64Array;
  /** (N, V) */
  logits: Float64Array;
}

/** The inputs of one block's operations, which the backward pass needs again. */
interface BlockActivations {
  x: Float64Array; // (N, C) into the block
  norm1: Float64Array; // (N, C)
  qkv: Float64Array; // (N, 3C)
  attended: Float64Array; // (N, C)
  middle: Float64Array; // (N, C) between the block's two halves
  norm2: Float64Array; // (N, C)
  hidden: Float64Array; // (N, 4C)
  activated: Float64Array; // (N, 4C)
}

function sizesOf(config: Gpt2Config, tokens: ArrayLike<number>, B: number) {
  const { width: C, vocabularySize: V, context, heads } = config;
  const N = tokens.length;
  return { B, T: N / B, N, C, V, context, heads };
}

function add(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]);
}

function run(
  config: Gpt2Config,
  parameters: Tensors,
  tokens: ArrayLike<number>,
  targets: ArrayLike<number>,
  B: number,
) {
  const sizes = sizesOf(config, tokens, B);
  const { N, C, V } = sizes;
  const p = (name: string) => parameters.get(name)!;
  const norm = (name: string, x: Float64Array) =>
    layerNorm.forward(x, p(`${name}.weight`), p(`${name}.bias`), N, C);
  const project = (name: string, x: Float64Array, fanIn: number, fanOut: number) =>
    linear.forward(x, p(`${name}.weight`), p(`${name}.bias`), N, fanIn, fanOut);

  let x = embedding.forward(tokens, p("wte.weight"), p("wpe.weight"), sizes);
  const blocks: BlockActivations[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const h = `h.${layer}`;
    const norm1 = norm(`${h}.ln_1`, x);
    const qkv = project(`${h}.attn.c_attn`, norm1, C, 3 * C);
    const attended = attention.forward(qkv, sizes);
    const middle = add(x, project(`${h}.attn.c_proj`, attended, C, C));
    const norm2 = norm(`${h}.ln_2`, middle);
    const hidden = project(`${h}.mlp.c_fc`, norm2, C, 4 * C);
    const activated = gelu.forward(hidden);
    blocks.push({ x, norm1, qkv, attended, middle, norm2, hidden, activated });
    x = add(middle, project(`${h}.mlp.c_proj`, activated, 4 * C, C));
  }
  const final = norm("ln_f", x);
  const head = transpose(p("wte.weight"), V, C); // the output matrix is wte itself (tied)
  const logits = linear.forward(final, head, new Float64Array(V), N, C, V);
  const { loss, losses } = crossEntropy.forward(logits, targets, N, V);
  return { blocks, x, final, head, output: { loss, losses, logits } };
}

/**
 * The forward pass.
 *
 * @param parameters every parameter of the parameter table, trainable or not
 * @param tokens (B, T)
 * @param targets (B, T), the token that follows each
 */
export function forward(
  config: Gpt2Config,
  parameters: Tensors,
  tokens: ArrayLike<number>,
  targets: ArrayLike<number>,
  B: number,
): Gpt2Output {
  return run(config, parameters, tokens, targets, B).output;
}

/**
 * The forward pass and the gradient of the mean loss for every trainable parameter.
 *
 * @param parameters every parameter of the parameter table, trainable or not
 * @param tokens (B, T)
 * @param targets (B, T), the token that follows each
 */
export function lossAndGradients(
  config: Gpt2Config,
  parameters: Tensors,
  tokens: ArrayLike<number>,
  targets: ArrayLike<number>,
  B: number,
): Gpt2Output & { gradients: Tensors } {
  const { blocks, x, final, head, output } = run(config, parameters, tokens, targets, B);
  const sizes = sizesOf(config, tokens, B);
  const { N, C, V } = sizes;
  const all: Tensors = new Map();
  const norm = (name: string, dy: Float64Array, x: Float64Array) => {
    const gain = parameters.get(`${name}.weight`)!;
    const { dx, dgain, dbias } = layerNorm.backward(dy, x, gain, N, C);
    all.set(`${name}.weight`, dgain).set(`${name}.bias`, dbias);
    return dx;
  };
  const project = (
    name: string,
    dy: Float64Array,
    x: Float64Array,
    fanIn: number,
    fanOut: number,
  ) => {
    const weight = parameters.get(`${name}.weight`)!;
    const { dx, dweight, dbias } = linear.backward(dy, x, weight, N, fanIn, fanOut);
    all.set(`${name}.weight`, dweight).set(`${name}.bias`, dbias);
    return dx;
  };

  const { dlogits } = crossEntropy.backward(output.logits, targets, N, V);
  const { dx: dfinal, dweight: dhead } = linear.backward(dlogits, final, head, N, C, V);
  let dx = norm("ln_f", dfinal, x);
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    const h = `h.${layer}`;
    const block = blocks[layer];
    const dactivated = project(`${h}.mlp.c_proj`, dx, block.activated, 4 * C, C);
    const { dx: dhidden } = gelu.backward(dactivated, block.hidden);
    const dnorm2 = project(`${h}.mlp.c_fc`, dhidden, block.norm2, C, 4 * C);
    dx = add(dx, norm(`${h}.ln_2`, dnorm2, block.middle));
    const dattended = project(`${h}.attn.c_proj`, dx, block.attended, C, C);
    const { dqkv } = attention.backward(dattended, block.qkv, sizes);
    const dnorm1 = project(`${h}.attn.c_attn`, dqkv, block.norm1, C, 3 * C);
    dx = add(dx, norm(`${h}.ln_1`, dnorm1, block.x));
  }
  const { dwte, dwpe } = embedding.backward(dx, tokens, sizes);
  all.set("wte.weight", add(dwte, transpose(dhead, C, V))).set("wpe.weight", dwpe);

  const gradients: Tensors = new Map();
  for (const { name, trainable } of parameterTable(config)) {
    if (trainable) gradients.set(name, all.get(name)!);
  }
  return { ...output, gradients };
}
