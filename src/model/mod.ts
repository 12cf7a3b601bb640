/**
 * GPT-2: its architectures, the table of its parameters, and the model itself with its weights on
 * the GPU.
 *
 * @example
 * ```ts
 * import { Gpu } from "@agd/gpt2/gpu";
 * import { Gpt2 } from "@agd/gpt2/model";
 * import { compactVocabulary, encode } from "@agd/gpt2/tokens";
 *
 * using gpu = await Gpu.open();
 * const vocabulary = compactVocabulary(encode("Hello world"));
 * const shape = { layers: 2, heads: 2, width: 32, context: 64 }; // or PRESETS.gpt2
 * using model = await Gpt2.create(gpu, shape, { vocabulary, seed: 1 });
 * console.log(model.parameterCount);
 * ```
 *
 * @module
 */
export type { Precision } from "./activations.ts";
export { type Gpt2Config, type PresetName, PRESETS } from "./config.ts";
export { type Architecture, type CreateGpt2Options, Gpt2 } from "./gpt2.ts";
export { type Initialisation, initialWeights } from "./initialise.ts";
export {
  parameterCount,
  type ParameterRole,
  type ParameterSpec,
  parameterTable,
} from "./parameters.ts";
export type { TensorMap } from "./weights.ts";
