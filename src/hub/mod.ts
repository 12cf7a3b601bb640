/**
 * Models of the Hugging Face Hub, in a cache that is shared with Hugging Face's own tools.
 *
 * @example
 * ```ts
 * import { loadCheckpoint } from "@agd/gpt2/checkpoint";
 * import { Gpu } from "@agd/gpt2/gpu";
 * import { downloadModel } from "@agd/gpt2/hub";
 *
 * const directory = await downloadModel("openai-community/gpt2");
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, directory);
 * console.log(model.parameterCount);
 * ```
 *
 * @module
 */
export { downloadModel, type DownloadOptions } from "./model.ts";
export type { HubOptions } from "./settings.ts";
