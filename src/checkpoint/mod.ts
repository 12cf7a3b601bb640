/**
 * Models on disk, in Hugging Face's layout: `config.json` and weights as safetensors. They are
 * exported as 16- or 32-bit floats, to llm.c and to llama.cpp.
 *
 * @example Save half of a model's precision
 * ```ts
 * import { exportCheckpoint, loadCheckpoint } from "@agd/gpt2/checkpoint";
 * import { Gpu } from "@agd/gpt2/gpu";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * console.log(model.config);
 *
 * await exportCheckpoint("runs/base", "base-f16", "f16");
 * ```
 *
 * @module
 */
export { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
export {
  EXPORT_FORMATS,
  exportCheckpoint,
  type ExportFormat,
  type ExportResult,
} from "./export.ts";
