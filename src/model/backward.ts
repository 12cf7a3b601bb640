import type { Tensor } from "../gpu/tensor.ts";
import { attentionBackward } from "../ops/attention.ts";
import { columnSums } from "../ops/column_sums.ts";
import { embeddingBackward } from "../ops/embedding.ts";
import { geluBackward } from "../ops/gelu.ts";
import { layerNormBackward } from "../ops/layer_norm.ts";
import { matmul } from "../ops/matmul.ts";
import type { Pass } from "./forward.ts";
import type { TensorMap } from "./weights.ts";

/** Appends dx = dy Wᵀ, dW += xᵀ dy and db += the sum of dy over its rows. */
function linearBackward(
  { gpu, plan, weights, activations }: Pass,
  gradients: TensorMap,
  name: string,
  x: Tensor,
  dy: Tensor,
  dx: Tensor,
): void {
  const weight = weights.get(`${name}.weight`)!;
  const [fanIn, fanOut] = weight.shape;
  const rows = x.shape[0];
  matmul(gpu, plan, {
    a: dy,
    b: weight,
    bTransposed: true,
    out: dx,
    m: rows,
    n: fanIn,
    k: fanOut,
  });
  matmul(gpu, plan, {
    a: x,
    aTransposed: true,
    b: dy,
    out: gradients.get(`${name}.weight`)!,
    m: fanIn,
    n: fanOut,
    k: rows,
    beta: 1,
  });
  const dbias = gradients.get(`${name}.bias`);
  if (dbias) columnSums(gpu, plan, dy, dbias, activations.backward!.sums);
}

/**
 * Appends the backward pass of {@linkcode forward}, from the gradient of the last layer norm's
 * output (in `backward.dbranch`) to the gradients of all trainable parameters, to which it adds.
 */
export function backward(pass: Pass, gradients: TensorMap): void {
  const { gpu, plan, config, weights, activations } = pass;
  const { outer, blocks, sizes } = activations;
  const { dx, dbranch, dqkv, dhidden, deltas, sums, order } = activations.backward!;
  const { batch, length } = sizes;
  const { heads, width } = config;
  const norm = (name: string, x: Tensor, statistics: Tensor, dy: Tensor) =>
    layerNormBackward(gpu, plan, {
      x,
      statistics,
      gain: weights.get(`${name}.weight`)!,
      dy,
      dx,
      scratch: sums,
      dgain: gradients.get(`${name}.weight`),
      dbias: gradients.get(`${name}.bias`),
    });

  plan.clear(dx);
  norm("ln_f", outer.x, outer.statistics, dbranch);
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    const h = `h.${layer}`;
    const block = blocks[layer];
    linearBackward(pass, gradients, `${h}.mlp.c_proj`, block.activated, dx, dhidden);
    geluBackward(gpu, plan, block.hidden, dhidden);
    linearBackward(pass, gradients, `${h}.mlp.c_fc`, block.norm2, dhidden, dbranch);
    norm(`${h}.ln_2`, block.middle, block.statistics2, dbranch);
    linearBackward(pass, gradients, `${h}.attn.c_proj`, block.attended, dx, dbranch);
    attentionBackward(gpu, plan, {
      batch,
      length,
      heads,
      width,
      qkv: block.qkv,
      y: block.attended,
      dy: dbranch,
      logSums: block.logSums,
      deltas,
      dqkv,
    });
    linearBackward(pass, gradients, `${h}.attn.c_attn`, block.norm1, dqkv, dbranch);
    norm(`${h}.ln_1`, block.x, block.statistics1, dbranch);
  }
  embeddingBackward(gpu, plan, {
    tokens: outer.tokens,
    order,
    dx,
    length,
    dwte: gradients.get("wte.weight")!,
    dwpe: gradients.get("wpe.weight")!,
  });
}
