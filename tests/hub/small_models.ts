import { configToJson } from "../../src/checkpoint/formats/checkpoint_config.ts";
import type { HubModel } from "./hub_server.ts";

export const bytes = (text: string) => new TextEncoder().encode(text);
const SIZES = { layers: 1, heads: 1, width: 2, context: 4, vocabularySize: 50_257 };
export const MODEL = { ...SIZES, bias: true, affine: true };
export const CONFIG = bytes(JSON.stringify(configToJson({ model: MODEL })));
export const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
export const PARTS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
export const INDEX = bytes(
  JSON.stringify({ weight_map: { a: PARTS[0], b: PARTS[1], c: PARTS[0] } }),
);
export const ID = "someone/gpt2";
export const HTTP = { tries: 3, delay: 1, timeout: 2000 };

/** A model whose weights are one file. */
export function single(token?: string): Record<string, HubModel> {
  return { [ID]: { files: { "config.json": CONFIG, "model.safetensors": WEIGHTS }, token } };
}

/** The files below a directory, with their sizes. */
export function filesIn(directory: string, prefix = ""): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { name, isDirectory } of Deno.readDirSync(`${directory}/${prefix}`)) {
    const path = `${prefix}${name}`;
    if (isDirectory) Object.assign(found, filesIn(directory, `${path}/`));
    else found[path] = Deno.statSync(`${directory}/${path}`).size;
  }
  return found;
}
