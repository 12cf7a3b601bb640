/**
 * Trains GPT-2 on WebGPU with Automatic Gradient Descent: no learning rate, no CUDA, no Python.
 *
 * @example Train a small model on text files and sample from it
 * ```ts
 * import { Agd, collectVocabulary, generate, Gpt2, Gpu, openTokenStream, train, Trainer } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * const data = ["data/*.jsonl.zst"];
 * const { vocabulary } = await collectVocabulary(data);
 * const shape = { layers: 2, heads: 2, width: 32, context: 64 }; // or PRESETS.gpt2
 * using model = await Gpt2.create(gpu, shape, { vocabulary, seed: 1 });
 * using trainer = new Trainer(model, { batch: 8, optimizer: (target) => new Agd(target) });
 * await using batches = await openTokenStream({
 *   data,
 *   vocabulary,
 *   context: 64,
 *   batch: 8,
 *   split: "training",
 *   seed: 1,
 * });
 * // Some hundred steps give words, some thousand sentences.
 * await train(trainer, { batches, steps: 5, onStep: ({ step, loss }) => console.log(step, loss) });
 *
 * const weights = trainer.optimizer.evaluationWeights;
 * for await (const piece of generate(model, { prompt: "The moon", maxTokens: 20, weights })) {
 *   console.log(piece);
 * }
 * ```
 *
 * @module
 */
export * from "./src/errors.ts";
export * from "./src/gpu/mod.ts";
export * from "./src/tokens/mod.ts";
export * from "./src/data/mod.ts";
export * from "./src/ops/mod.ts";
export * from "./src/model/mod.ts";
export * from "./src/checkpoint/mod.ts";
export * from "./src/hub/mod.ts";
export * from "./src/optim/mod.ts";
export * from "./src/comm/mod.ts";
export * from "./src/train/mod.ts";
export * from "./src/run/mod.ts";
export * from "./src/sample/mod.ts";
