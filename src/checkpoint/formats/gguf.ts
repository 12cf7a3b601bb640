import type { Gpt2Config } from "../../model/config.ts";
import { type ParameterSpec, parameterTable, sizeOf } from "../../model/parameters.ts";
import { GPT2_TOKENIZER, type Tokenizer } from "../../tokens/tokenizer.ts";
import { entry, type GgufEntry, ggufHeader, type GgufTensor, padding } from "./gguf_header.ts";
import { narrow } from "./safetensors_values.ts";
import { CHARACTERS } from "./token_names.ts";
import { mergesLines, tokenizerFiles } from "./tokenizer_files.ts";
import { transposed } from "./transposed.ts";

/** What llama.cpp calls the modules. */
const NAMES: Record<string, string> = {
  "wte": "token_embd",
  "wpe": "position_embd",
  "ln_f": "output_norm",
  "ln_1": "attn_norm",
  "attn.c_attn": "attn_qkv",
  "attn.c_proj": "attn_output",
  "ln_2": "ffn_norm",
  "mlp.c_fc": "ffn_up",
  "mlp.c_proj": "ffn_down",
};

/** What a token is. */
const NORMAL = 1;
const CONTROL = 3;

/**
 * A model with its tokenizer as a GGUF file of the architecture `gpt2`, part after part, which
 * llama.cpp (https://github.com/ggml-org/llama.cpp) reads. Weights of linear layers are (out, in).
 * With F16 vectors and positions stay F32, as they do there.
 *
 * @param data The values of each parameter, asked for one after the other.
 * @param tokenizer The model's own. @default GPT-2's
 * @throws {UserError} If F16 cannot hold a value.
 */
export async function* ggufParts(
  config: Gpt2Config,
  data: (name: string) => Promise<Float32Array>,
  dtype: "F32" | "F16",
  tokenizer: Tokenizer = GPT2_TOKENIZER,
): AsyncGenerator<Uint8Array | Float32Array | Float16Array> {
  const table = parameterTable(config);
  const tensors = table.map((spec) => tensorOf(spec, dtype));
  yield await ggufHeader([...modelEntries(config, dtype), ...tokenEntries(tokenizer)], tensors);
  for (const [i, { name, role, shape }] of table.entries()) {
    const stored = await data(name);
    const values = role === "matrix" ? transposed(stored, shape[0], shape[1]!) : stored;
    yield tensors[i].dtype === "F16" ? narrow(name, values) : values;
    yield new Uint8Array(padding(tensors[i].size));
  }
}

/** How a parameter is stored. */
function tensorOf(spec: ParameterSpec, dtype: "F32" | "F16"): GgufTensor {
  const [, block, module, kind] = spec.name.match(/^(?:h\.(\d+)\.)?(.+)\.(weight|bias)$/)!;
  const name = `${block === undefined ? "" : `blk.${block}.`}${NAMES[module]}.${kind}`;
  // A matrix is transposed when it is written, and the order of dimensions is the other one here.
  const shape = spec.role === "embedding" ? spec.shape.toReversed() : spec.shape;
  const isNarrow = dtype === "F16" && shape.length === 2 && module !== "wpe";
  const size = sizeOf(shape) * (isNarrow ? 2 : 4);
  return { name, shape, dtype: isNarrow ? "F16" : "F32", size };
}

function modelEntries(config: Gpt2Config, dtype: "F32" | "F16"): GgufEntry[] {
  return [
    entry.string("general.architecture", "gpt2"),
    entry.string("general.type", "model"),
    entry.uint32("general.file_type", dtype === "F16" ? 1 : 0),
    entry.uint32("gpt2.block_count", config.layers),
    entry.uint32("gpt2.context_length", config.context),
    entry.uint32("gpt2.embedding_length", config.width),
    entry.uint32("gpt2.feed_forward_length", 4 * config.width),
    entry.uint32("gpt2.attention.head_count", config.heads),
    entry.float32("gpt2.attention.layer_norm_epsilon", 1e-5),
  ];
}

function tokenEntries(tokenizer: Tokenizer): GgufEntry[] {
  const names = Array.from({ length: tokenizer.size }, (_, token) => {
    return Array.from(tokenizer.tokenBytes(token), (byte) => CHARACTERS[byte]).join("");
  });
  const merges = tokenizer.own?.encoding?.merges;
  const pairs = merges
    ? Array.from({ length: merges.length / 3 }, (_, rank) => {
      return `${names[merges[3 * rank]]} ${names[merges[3 * rank + 1]]}`;
    })
    : mergesLines(tokenizerFiles(0).get("merges.txt")!);
  // What pairs do not make is no text.
  const made = new Set([...CHARACTERS, ...pairs.map((pair) => pair.replace(" ", ""))]);
  return [
    entry.string("tokenizer.ggml.model", "gpt2"),
    entry.string("tokenizer.ggml.pre", "gpt-2"),
    entry.strings("tokenizer.ggml.tokens", names),
    entry.integers(
      "tokenizer.ggml.token_type",
      names.map((name) => made.has(name) ? NORMAL : CONTROL),
    ),
    entry.strings("tokenizer.ggml.merges", pairs),
    entry.uint32("tokenizer.ggml.bos_token_id", tokenizer.endOfText),
    entry.uint32("tokenizer.ggml.eos_token_id", tokenizer.endOfText),
    entry.bool("tokenizer.ggml.add_bos_token", false),
  ];
}
