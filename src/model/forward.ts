import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { attention } from "../ops/attention.ts";
import { embedding } from "../ops/embedding.ts";
import { gelu } from "../ops/gelu.ts";
import { layerNorm } from "../ops/layer_norm.ts";
import { matmul } from "../ops/matmul.ts";
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
  /** (rows, 3 C) per block: query, key and value of every position so far. */
  layers: readonly Tensor[];
  /** Where the tokens of this pass stand; read each time the plan runs. */
  position: () => number;
}

/** Appends y = x W + b, or y += x W + b with `residual`. */
export function linear(
  { gpu, plan, weights }: Pass,
  name: string,
  x: Tensor,
  y: Tensor,
  residual = false,
): void {
  const weight = weights.get(`${name}.weight`)!;
  const [k, n] = weight.shape;
  const bias = weights.get(`${name}.bias`)!;
  matmul(gpu, plan, { a: x, b: weight, bias, out: y, m: x.shape[0], n, k, beta: residual ? 1 : 0 });
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
  const { gpu, plan, config, weights, activations } = pass;
  const { outer, blocks, sizes } = activations;
  const { batch, length } = sizes;
  const { heads, width } = config;
  const weight = (name: string) => weights.get(name)!;
  const norm = (name: string, x: Tensor, y: Tensor, statistics: Tensor) => {
    const [gain, bias] = [weight(`${name}.weight`), weight(`${name}.bias`)];
    layerNorm(gpu, plan, { x, gain, bias, y, statistics });
  };

  embedding(gpu, plan, {
    tokens: outer.tokens,
    wte: weight("wte.weight"),
    wpe: weight("wpe.weight"),
    start: outer.start,
    x: blocks[0].x,
    length,
  });
  blocks.forEach((block, layer) => {
    const h = `h.${layer}`;
    norm(`${h}.ln_1`, block.x, block.norm1, block.statistics1);
    linear(pass, `${h}.attn.c_attn`, block.norm1, block.qkv);
    const shape = { batch, length, heads, width, start: outer.start };
    const result = { y: block.attended, logSums: block.logSums };
    if (cache) {
      const qkv = cache.layers[layer];
      plan.copy(block.qkv, qkv, () => cache.position() * 3 * width);
      attention(gpu, plan, { ...shape, ...result, qkv, rows: qkv.shape[0] });
    } else {
      attention(gpu, plan, { ...shape, ...result, qkv: block.qkv });
    }
    plan.copy(block.x, block.middle);
    linear(pass, `${h}.attn.c_proj`, block.attended, block.middle, true);
    norm(`${h}.ln_2`, block.middle, block.norm2, block.statistics2);
    linear(pass, `${h}.mlp.c_fc`, block.norm2, block.hidden);
    gelu(gpu, plan, block.hidden, block.activated);
    const next = blocks[layer + 1]?.x ?? outer.x;
    plan.copy(block.middle, next);
    linear(pass, `${h}.mlp.c_proj`, block.activated, next, true);
  });
  norm("ln_f", outer.x, outer.final, outer.statistics);
}
