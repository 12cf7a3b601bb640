import type { Tensor } from "../gpu/tensor.ts";
import { attentionBackward } from "../ops/attention/attention.ts";
import { columnSums } from "../ops/column_sums.ts";
import { embeddingBackward } from "../ops/embedding.ts";
import { gelu } from "../ops/gelu.ts";
import { layerNormBackward } from "../ops/layer_norm.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import { blockForward, norm, type Pass } from "./forward.ts";
import type { TensorMap } from "./weights.ts";

/**
 * Appends dW += xᵀ dy, db += the sum of dy over its rows, and dx = dy Wᵀ, which may replace x; where
 * x is GELU of `geluOf`, dx is the gradient of that.
 */
function linearBackward(
  { gpu, plan, weights, activations }: Pass,
  gradients: TensorMap,
  name: string,
  x: Tensor,
  dy: Tensor,
  dx: Tensor,
  geluOf?: Tensor,
): void {
  const weight = weights.get(`${name}.weight`)!;
  const [fanIn, fanOut] = weight.shape;
  const rows = x.shape[0];
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
  matmul(gpu, plan, {
    a: dy,
    b: weight,
    bTransposed: true,
    out: dx,
    m: rows,
    n: fanIn,
    k: fanOut,
    geluOf,
  });
}

/**
 * Appends the backward pass of {@linkcode forward}, from the gradient of the last layer norm's
 * output (in `dfinal`) to the gradients of all trainable parameters, to which it adds. The plan tells
 * when it has finished those of a block.
 */
export function backward(pass: Pass, gradients: TensorMap): void {
  const { gpu, plan, config: { layers, heads, width }, weights, activations } = pass;
  const { outer, blocks, sizes: { batch, length, recompute } } = activations;
  const { branch, wide, statistics } = activations.scratch;
  const { dfinal, dx, dqkv, deltas, sums, order } = activations.backward!;
  const normBackward = (name: string, x: Tensor, dy: Tensor) =>
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

  const finish = (prefix: string) => plan.finish(...startingWith(prefix, gradients));
  plan.clear(dx);
  normBackward("ln_f", outer.x, dfinal);
  finish("ln_f.");
  for (let layer = layers - 1; layer >= 0; layer--) {
    const h = `h.${layer}`;
    const { x, qkv, logSums, attended, middle, hidden } = blocks[layer];
    // Of blocks that share their activations, the last one's are still there.
    if (recompute && layer < layers - 1) blockForward(pass, layer);
    else gelu(gpu, plan, hidden, wide);
    linearBackward(pass, gradients, `${h}.mlp.c_proj`, wide, dx, wide, hidden);
    norm(pass, `${h}.ln_2`, middle, branch);
    linearBackward(pass, gradients, `${h}.mlp.c_fc`, branch, wide, branch);
    normBackward(`${h}.ln_2`, middle, branch);
    linearBackward(pass, gradients, `${h}.attn.c_proj`, attended, dx, branch);
    const shape = { batch, length, heads, width };
    const attentionTensors = { qkv, y: attended, dy: branch, logSums, deltas, dqkv };
    attentionBackward(gpu, plan, { ...shape, ...attentionTensors });
    norm(pass, `${h}.ln_1`, x, branch);
    linearBackward(pass, gradients, `${h}.attn.c_attn`, branch, dqkv, branch);
    normBackward(`${h}.ln_1`, x, branch);
    finish(`${h}.`);
  }
  const [dwte, dwpe] = [gradients.get("wte.weight")!, gradients.get("wpe.weight")!];
  embeddingBackward(gpu, plan, { tokens: outer.tokens, order, dx, length, dwte, dwpe });
  plan.finish(dwpe, dwte);
}

function startingWith(prefix: string, gradients: TensorMap): Tensor[] {
  return [...gradients].filter(([name]) => name.startsWith(prefix)).map(([, tensor]) => tensor);
}
