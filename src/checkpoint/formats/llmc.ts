import type { Gpt2Config } from "../../model/config.ts";
import { parameterTable } from "../../model/parameters.ts";
import { transposed } from "./transposed.ts";

/** The first two numbers of llm.c's fp32 checkpoints. */
const MAGIC = 20240326;
const VERSION = 3;

/** The vocabulary is filled up to a multiple of this with rows of 0. */
const VOCABULARY_MULTIPLE = 128;

/** llm.c's order: all blocks' tensors of one kind together. */
const BLOCK_TENSORS = [
  ...["ln_1.weight", "ln_1.bias", "attn.c_attn.weight", "attn.c_attn.bias"],
  ...["attn.c_proj.weight", "attn.c_proj.bias", "ln_2.weight", "ln_2.bias"],
  ...["mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias"],
];

/**
 * A checkpoint of llm.c (https://github.com/karpathy/llm.c), part after part: a header of 256 32-bit
 * integers (20240326, version 3, context, vocabulary, layers, heads, width, padded vocabulary,
 * zeros), then the parameters as f32, little-endian: `wte` padded, `wpe`, each kind of a block's
 * tensors for all blocks, and `ln_f`. Weights of linear layers are (out, in).
 *
 * @param data The values of each parameter, asked for one after the other.
 */
export async function* llmcParts(
  config: Gpt2Config,
  data: (name: string) => Promise<Float32Array>,
): AsyncGenerator<Int32Array | Float32Array> {
  const { vocabularySize, context, layers, heads, width } = config;
  const padded = Math.ceil(vocabularySize / VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE;
  const header = new Int32Array(256);
  header.set([MAGIC, VERSION, context, vocabularySize, layers, heads, width, padded]);
  yield header;
  const specs = new Map(parameterTable(config).map((spec) => [spec.name, spec]));
  const blocks = BLOCK_TENSORS.flatMap((name) =>
    Array.from({ length: layers }, (_, layer) => `h.${layer}.${name}`)
  );
  for (const name of ["wte.weight", "wpe.weight", ...blocks, "ln_f.weight", "ln_f.bias"]) {
    const { role, shape } = specs.get(name)!;
    const values = await data(name);
    yield role === "matrix" ? transposed(values, shape[0], shape[1]!) : values;
    if (name === "wte.weight") yield new Float32Array((padded - vocabularySize) * width);
  }
}
