import { UsageError } from "../errors.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { Batch } from "../tokens/batch.ts";
import type { TensorMap } from "../model/weights.ts";
import { LossPass } from "./loss_pass.ts";

/**
 * The mean loss of a model over batches of one size, in nats per token. It takes far less memory
 * than a {@linkcode Trainer}.
 *
 * @param weights What to evaluate. @default the model's weights
 * @throws {UsageError} If a batch is not whole sequences of the model's context, differs in size
 * from the first, or there is none.
 *
 * @example
 * ```ts
 * import { evaluate, Gpu, loadCheckpoint, openTokenStream } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * await using batches = await openTokenStream({
 *   data: ["data/2005-09.jsonl.zst"],
 *   vocabulary: model.vocabulary,
 *   context: model.config.context,
 *   batch: 8,
 *   split: "validation",
 *   seed: 0,
 * });
 * console.log(await evaluate(model, batches));
 * ```
 */
export async function evaluate(
  model: Gpt2,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  weights: TensorMap = model.weights,
): Promise<number> {
  const { config } = model;
  let size: number | undefined;
  let pass: LossPass | undefined;
  let sum = 0;
  let count = 0;
  try {
    for await (const batch of batches) {
      size ??= batch.inputs.length;
      const isWhole = size > 0 && size % config.context === 0;
      if (!isWhole || batch.inputs.length !== size || batch.targets.length !== size) {
        throw new UsageError(
          `batches must all hold the same number of sequences of ${config.context} tokens`,
        );
      }
      pass ??= new LossPass(model, weights, size / config.context);
      pass.run(batch);
      sum += await pass.meanLoss();
      count++;
    }
  } finally {
    pass?.[Symbol.dispose]();
  }
  if (count === 0) throw new UsageError("there is no batch to evaluate on");
  return sum / count;
}
