import type { Batch } from "../tokens/batch.ts";
import type { Trainer } from "./trainer.ts";

/**
 * The mean loss of a trainer's evaluation weights over batches of its size, in nats per token.
 *
 * @example
 * ```ts
 * import { Agd, Gpu, loadCheckpoint, meanLoss, openTokenStream, Trainer } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * using trainer = new Trainer(model, { batch: 8, optimizer: (target) => new Agd(target) });
 * await using batches = await openTokenStream({
 *   data: ["data"],
 *   vocabulary: model.vocabulary,
 *   context: model.config.context,
 *   batch: 8,
 *   split: "training",
 *   seed: 1,
 * });
 * console.log(await meanLoss(trainer, [await batches.next(), await batches.next()]));
 * ```
 */
export async function meanLoss(trainer: Trainer, batches: readonly Batch[]): Promise<number> {
  let sum = 0;
  let before: Promise<number> | undefined;
  for (const batch of batches) { // each is submitted before the one before it is waited for
    const loss = trainer.loss(batch);
    loss.catch(() => {}); // its turn to be told of comes later
    sum += await before ?? 0;
    before = loss;
  }
  sum += await before ?? 0;
  return sum / batches.length;
}
