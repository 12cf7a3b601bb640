import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { attention } from "../ops/attention/attention.ts";
import { keepRows } from "../ops/attention/keep_rows.ts";
import { embedding } from "../ops/embedding.ts";
import { layerNorm } from "../ops/layer_norm.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import type { Activations } from "./activations.ts";
import type { Gpt2Config } from "./config.ts";
import type { TensorMap } from "./weights.ts";

/** A model's weights and the activations of the batch that goes through it. */
export interface Pass {
  gpu: Gpu;
  plan: Plan;
  config: Gpt2Config;
  weights: TensorMap;
  activations: Activations;
}

/** Keys and values of the tokens that came before, for generation one token at a time. */
export interface KeyValueCache {
  /** (B, rows, 3 C) per block: query, key and value of every position so far. */
  layers: readonly Tensor[];
  /** Begins with an integer: the position of each sequence's first token of this pass. */
  start: Tensor;
  /** Rows of a sequence that are filled once a pass has run, this one too. */
  filled: () => number;
}

/** Appends y = x W + b, or y += x W + b with `residual`, and GELU(y) into `activated`. */
function linear(
  { gpu, plan, weights }: Pass,
  name: string,
  x: Tensor,
  y: Tensor,
  options: { residual?: boolean; activated?: Tensor } = {},
): void {
  const weight = weights.get(`${name}.weight`)!;
  const [k, n] = weight.shape;
  const bias = weights.get(`${name}.bias`)!;
  matmul(gpu, plan, {
    a: x,
    b: weight,
    bias,
    out: y,
    m: x.shape[0],
    n,
    k,
    beta: options.residual ? 1 : 0,
    activated: options.activated,
  });
}

/** Appends y = layer norm of x, with the statistics in scratch memory. */
export function norm(
  { gpu, plan, weights, activations }: Pass,
  name: string,
  x: Tensor,
  y: Tensor,
): void {
  const [gain, bias] = [weights.get(`${name}.weight`)!, weights.get(`${name}.bias`)!];
  layerNorm(gpu, plan, { x, gain, bias, y, statistics: activations.scratch.statistics });
}

/**
 * Appends a block from the residual stream into it, `x`, to GELU's output, in `wide`: all that its
 * backward pass needs.
 */
export function blockForward(pass: Pass, layer: number, cache?: KeyValueCache): void {
  const { gpu, plan, config: { heads, width }, activations } = pass;
  const { sizes: { batch, length }, outer, blocks, scratch } = activations;
  const { x, qkv, logSums, attended, middle, hidden } = blocks[layer];
  const h = `h.${layer}`;
  norm(pass, `${h}.ln_1`, x, scratch.branch);
  linear(pass, `${h}.attn.c_attn`, scratch.branch, qkv);
  const shape = { batch, length, heads, width };
  const result = { y: attended, logSums };
  if (cache) {
    const { start, layers: { [layer]: kept } } = cache;
    const [sequences, rows, columns] = kept.shape;
    keepRows(gpu, plan, { qkv, rows: kept, start, length });
    const filled = () => ((sequences - 1) * rows + cache.filled()) * columns;
    attention(gpu, plan, { ...shape, ...result, start, qkv: kept, rows, filled });
  } else {
    attention(gpu, plan, { ...shape, ...result, start: outer.start, qkv });
  }
  if (middle !== x) plan.copy(x, middle);
  linear(pass, `${h}.attn.c_proj`, attended, middle, { residual: true });
  norm(pass, `${h}.ln_2`, middle, scratch.branch);
  linear(pass, `${h}.mlp.c_fc`, scratch.branch, hidden, { activated: scratch.wide });
}

/**
 * Appends GPT-2 (Radford et al. 2019) from tokens to the last layer norm, with pre-layer-norm
 * blocks:
 *
 *     x = wte[token] + wpe[position]
 *     for each block:
 *       x = x + c_proj(attention(c_attn(ln_1(x))))
 *       x = x + c_proj(gelu(c_fc(ln_2(x))))
 *     final = ln_f(x)
 */
export function forward(pass: Pass, cache?: KeyValueCache): void {
  const { gpu, plan, weights, activations } = pass;
  const { outer, blocks, scratch, sizes } = activations;
  embedding(gpu, plan, {
    tokens: outer.tokens,
    wte: weights.get("wte.weight")!,
    wpe: weights.get("wpe.weight")!,
    start: cache?.start ?? outer.start,
    x: blocks[0].x,
    length: sizes.length,
  });
  blocks.forEach(({ middle }, layer) => {
    blockForward(pass, layer, cache);
    const next = blocks[layer + 1]?.x ?? outer.x;
    if (next !== middle) plan.copy(middle, next);
    linear(pass, `h.${layer}.mlp.c_proj`, scratch.wide, next, { residual: true });
  });
  norm(pass, "ln_f", outer.x, outer.final);
}
