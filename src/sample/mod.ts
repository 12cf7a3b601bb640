/**
 * Text from a model, a piece at a time.
 *
 * @example
 * ```ts
 * import { loadCheckpoint } from "@agd/gpt2/checkpoint";
 * import { Gpu } from "@agd/gpt2/gpu";
 * import { generate } from "@agd/gpt2/sample";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * for await (const piece of generate(model, { prompt: "The moon", maxTokens: 20 })) {
 *   console.log(piece);
 * }
 * ```
 *
 * @module
 */
export type { SamplingOptions } from "./choose_token.ts";
export { generate } from "./generate.ts";
export type { GenerateOptions } from "./options.ts";
export { generateSamples, type SamplePiece } from "./samples.ts";
