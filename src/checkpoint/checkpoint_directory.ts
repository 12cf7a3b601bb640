import { fileError } from "../files/file_error.ts";
import { tokenizerFiles } from "./formats/tokenizer_files.ts";
import { withTokenizerJson } from "./formats/write_tokenizer_json.ts";
import { replaceText } from "../files/replace_file.ts";
import { type CheckpointConfig, configToJson } from "./formats/checkpoint_config.ts";
import { parameterTable } from "../model/parameters.ts";
import { writeSafetensors } from "./safetensors.ts";
import { WEIGHTS } from "./weight_files.ts";

/** The file that describes a model. */
export const CONFIG = "config.json";

/**
 * Writes a Hugging Face GPT-2 directory. Each file takes the place of an older one only once it is
 * whole.
 *
 * @param directory Created if need be.
 * @param data The values of each parameter, asked for one after the other.
 * @param dtype What to store them as.
 * @throws {UserError} If the directory cannot be written, or F16 cannot hold a value.
 */
export async function writeDirectory(
  directory: string,
  config: CheckpointConfig,
  data: (name: string) => Promise<Float32Array>,
  dtype: "F32" | "F16" = "F32",
): Promise<void> {
  try {
    await Deno.mkdir(directory, { recursive: true });
  } catch (error) {
    throw fileError(error, `${directory}: cannot create`);
  }
  await writeSafetensors(
    `${directory}/${WEIGHTS}`,
    parameterTable(config.model).map(({ name, shape }) => {
      return { name, shape, data: () => data(name) };
    }),
    { format: "pt" },
    dtype,
  );
  for (const [name, text] of describingFiles(config, dtype)) {
    await replaceText(`${directory}/${name}`, text);
  }
}

/** The files beside the weights, by name. */
function describingFiles(config: CheckpointConfig, dtype: "F32" | "F16"): Map<string, string> {
  const { vocabularySize, context } = config.model;
  const { tokens, tokenizer } = config;
  const endOfText = tokenizer?.endOfText ?? vocabularySize - 1;
  const files = tokenizer?.files ?? tokenizerFiles(context, endOfText);
  const generation = { bos_token_id: endOfText, eos_token_id: endOfText };
  const json = configToJson(config, dtype === "F16" ? "float16" : "float32");
  return new Map([
    // Hugging Face's tokenizer would give a compact vocabulary's model ids of other tokens.
    ...tokens ? [] : withTokenizerJson(files, endOfText),
    ["generation_config.json", JSON.stringify(generation) + "\n"],
    [CONFIG, JSON.stringify(json) + "\n"],
  ]);
}
