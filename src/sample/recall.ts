import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { THREADS } from "../ops/threads.ts";
import source from "../../wgsl/sample/recall.wgsl" with { type: "text" };

/** Runs of tokens of B sequences, and where they are taken from. */
export interface Recall {
  /** (B, capacity), integers: the last tokens of each sequence, the oldest overwritten first. */
  history: Tensor;
  /** (4), integers, [1]: where in a row of it the first token is. */
  cursor: Tensor;
  /** (B · T), integers. */
  tokens: Tensor;
  /** T */
  length: number;
}

/** Appends taking tokens from the history. */
export function recall(
  gpu: Gpu,
  plan: Plan,
  { history, cursor, tokens, length }: Recall,
): void {
  plan.dispatch(
    gpu.kernel("recall", source, { THREADS }),
    [Math.ceil(tokens.size / THREADS)],
    [tokens.size, length, history.shape[1]],
    [history, cursor, tokens],
  );
}
