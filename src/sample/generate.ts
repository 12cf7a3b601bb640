import type { Gpt2 } from "../model/gpt2.ts";
import type { GenerateOptions } from "./options.ts";
import { generateSamples } from "./samples.ts";

/**
 * Generates text piece by piece, without the prompt. Pieces are whole characters. It ends after
 * `maxTokens` tokens or at `<|endoftext|>`, which is not part of the text.
 *
 * @throws {UsageError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { generate, Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * for await (const piece of generate(model, { prompt: "The moon", temperature: 0.8 })) {
 *   console.log(piece);
 * }
 * ```
 */
export async function* generate(
  model: Gpt2,
  options: GenerateOptions = {},
): AsyncGenerator<string, void> {
  for await (const { text } of generateSamples(model, 1, options)) {
    if (text !== "") yield text;
  }
}
