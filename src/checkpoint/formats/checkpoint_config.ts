import { UserError } from "../../errors.ts";
import { isObject } from "../../json.ts";
import { quote } from "../../quote.ts";
import { FULL_VOCABULARY_SIZE, type Gpt2Config } from "../../model/config.ts";
import { ownTokenizer } from "../../tokens/own_tokenizer.ts";
import { END_NAME, type Tokenizer } from "../../tokens/tokenizer.ts";
import type { NamedEncoding } from "./read_encoding.ts";

/** What a checkpoint's config.json describes. */
export interface CheckpointConfig {
  model: Gpt2Config;
  /** The GPT-2 token of each model id, ascending; undefined for GPT-2's own vocabulary. */
  tokens?: Uint32Array<ArrayBuffer>;
  /** A tokenizer other than GPT-2's, or with another token at the end of a document. */
  tokenizer?: Tokenizer;
  /**
   * Rows of the embedding as it is stored, where they are more than tokens: the rest is padding,
   * which makes shapes round, or tokens that were added, and is left out.
   */
  storedRows?: number;
}

/** The key whose value must be this. */
const REQUIRED = { model_type: "gpt2" };

/** What is implemented, and Hugging Face's defaults. */
const FUNCTIONS = { activation_function: "gelu_new", layer_norm_epsilon: 1e-5 };

/** Another name of the same function. */
const SAME_ACTIVATION = "gelu_pytorch_tanh";

/** What `agd_gpt2.vocabulary` says of a model whose tokenizer is in files beside it. */
const OWN = "own";

/** The most rows that an embedding may have beyond its tokens. */
const MOST_PADDING = 1023;

/** Keys that mean these values where they are left out, and must have them otherwise. */
const IMPLIED = {
  tie_word_embeddings: true,
  scale_attn_weights: true,
  scale_attn_by_inverse_layer_idx: false,
  add_cross_attention: false,
};

/**
 * The object to write as config.json: Hugging Face's keys for a GPT-2, and under `agd_gpt2` what
 * those cannot say. The ids of `<|endoftext|>` are the model's own: it is the last of GPT-2's
 * vocabulary and of a compact one.
 *
 * @param dtype What the weights are stored as.
 */
export function configToJson(
  { model, tokens, tokenizer }: CheckpointConfig,
  dtype: "float32" | "float16" = "float32",
): Record<string, unknown> {
  const endOfText = tokenizer?.endOfText ?? model.vocabularySize - 1;
  const full = tokenizer?.own?.encoding ? OWN : "full";
  return {
    architectures: ["GPT2LMHeadModel"],
    ...REQUIRED,
    ...FUNCTIONS,
    ...IMPLIED,
    n_layer: model.layers,
    n_head: model.heads,
    n_embd: model.width,
    n_positions: model.context,
    n_ctx: model.context,
    vocab_size: model.vocabularySize,
    bos_token_id: endOfText,
    eos_token_id: endOfText,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    torch_dtype: dtype,
    agd_gpt2: {
      bias: model.bias,
      affine: model.affine,
      vocabulary: tokens === undefined ? full : [...tokens],
    },
  };
}

/**
 * Reads what {@linkcode configToJson} wrote, or the config.json of a GPT-2 from elsewhere, which
 * has all biases and gains and the full vocabulary. Dropout probabilities do not matter here.
 *
 * @param json The parsed file.
 * @param file Its name, for errors.
 * @param tokenizer The one beside it, if that is not GPT-2's.
 * @throws {UserError} If a key is missing, has a value of the wrong type, or asks for
 * another model than a GPT-2 as it is here. File and key are named.
 */
export function configFromJson(
  json: unknown,
  file: string,
  tokenizer?: TokenizerSource,
): CheckpointConfig {
  if (!isObject(json)) throw new UserError(`${file}: not a JSON object`, "CHECKPOINT");
  const fail: Fail = (key, what) => new UserError(`${file}: ${key} ${what}`, "CHECKPOINT");
  for (const [key, value] of Object.entries(REQUIRED)) {
    if (!Object.hasOwn(json, key)) throw fail(key, "is missing");
    if (json[key] !== value) throw fail(key, `is ${quote(json[key])}, not ${quote(value)}`);
  }
  if (json.activation_function !== SAME_ACTIVATION) checkImplied(json, FUNCTIONS, fail);
  else checkImplied(json, { layer_norm_epsilon: FUNCTIONS.layer_norm_epsilon }, fail);
  checkImplied(json, IMPLIED, fail);
  const sizes = readSizes(json, fail);
  checkImplied(json, { n_inner: 4 * sizes.width }, fail); // n_ctx is not used, there either

  const own = json.agd_gpt2 ?? { bias: true, affine: true, vocabulary: "full" };
  if (!isObject(own)) throw fail("agd_gpt2", "is not an object");
  const model = {
    ...sizes,
    bias: readFlag(own, "bias", fail),
    affine: readFlag(own, "affine", fail),
  };
  const { vocabulary } = own;
  if (vocabulary === undefined) throw fail("agd_gpt2.vocabulary", "is missing");
  if (vocabulary === OWN && !tokenizer) {
    const files = "vocab.json with merges.txt, nor tokenizer.json";
    throw fail("agd_gpt2.vocabulary", `is the model's own, but there is no ${files}`);
  }
  const tokens = vocabulary === "full" || vocabulary === OWN
    ? undefined
    : checkVocabulary(vocabulary, fail);
  const count = tokens?.length ?? tokenizer?.ids.size ?? FULL_VOCABULARY_SIZE;
  const stored = model.vocabularySize;
  const isPadded = tokens === undefined && stored > count && stored <= count + MOST_PADDING;
  if (count !== stored && !isPadded) {
    throw fail("vocab_size", `is ${stored}, but the vocabulary has ${count} tokens`);
  }
  if (tokens) {
    readEndOfText(json, count - 1, [count - 1, count], fail);
    return { model, tokens };
  }
  const config: CheckpointConfig = { model: { ...model, vocabularySize: count } };
  if (isPadded) config.storedRows = stored;
  const usual = tokenizer ? tokenizer.ids.get(END_NAME) : count - 1;
  const endOfText = readEndOfText(json, usual, [0, count], fail);
  if (tokenizer || endOfText !== usual) {
    config.tokenizer = ownTokenizer(
      { endOfText, encoding: tokenizer?.encoding },
      tokenizer?.files,
    );
  }
  return config;
}

/** A model's own tokenizer, and the files that it was read from. */
type TokenizerSource = NamedEncoding & { files: ReadonlyMap<string, string> };

/** Whether a configuration is of a compact vocabulary, whose tokens are GPT-2's in any case. */
export function isCompact(json: unknown): boolean {
  return isObject(json) && isObject(json.agd_gpt2) && Array.isArray(json.agd_gpt2.vocabulary);
}

/**
 * The token that ends a document.
 *
 * @param usual Which it is, if nothing is said.
 * @param range The ids that it may be: from the first on, below the second.
 */
function readEndOfText(
  { eos_token_id: given }: Record<string, unknown>,
  usual: number | undefined,
  [least, end]: [number, number],
  fail: Fail,
): number {
  const said = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const id = said ?? usual;
  if (id === undefined) {
    throw fail("eos_token_id", `is missing, and the tokenizer beside it has no ${END_NAME}`);
  }
  if (typeof id === "number" && Number.isInteger(id) && id >= least && id < end) return id;
  const possible = end - least === 1 ? `${least}, ${END_NAME},` : `one id from 0 to ${end - 1}`;
  throw fail("eos_token_id", `is ${quote(given)}: only ${possible} is supported`);
}

/** Makes the error that says what is wrong with a key's value. */
type Fail = (key: string, what: string) => UserError;

/** Makes sure that keys have these values, if they are there. */
function checkImplied(
  json: Record<string, unknown>,
  values: Record<string, boolean | number | string>,
  fail: Fail,
): void {
  for (const [key, value] of Object.entries(values)) {
    if ((json[key] ?? value) === value) continue;
    throw fail(key, `is ${quote(json[key])}: only ${value} is supported`);
  }
}

function readSizes(json: Record<string, unknown>, fail: Fail): Omit<Gpt2Config, "bias" | "affine"> {
  const size = (key: string): number => {
    const value = json[key];
    if (value === undefined) throw fail(key, "is missing");
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw fail(key, `is ${quote(value)}, not a positive integer`);
  };
  const sizes = {
    layers: size("n_layer"),
    heads: size("n_head"),
    width: size("n_embd"),
    context: size("n_positions"),
    vocabularySize: size("vocab_size"),
  };
  if (sizes.width % sizes.heads === 0) return sizes;
  throw fail("n_head", `is ${sizes.heads}, which does not divide n_embd, ${sizes.width}`);
}

function readFlag(own: Record<string, unknown>, key: string, fail: Fail): boolean {
  const value = own[key];
  if (value === undefined) throw fail(`agd_gpt2.${key}`, "is missing");
  if (typeof value === "boolean") return value;
  throw fail(`agd_gpt2.${key}`, `is ${quote(value)}, not true or false`);
}

/** The compact vocabulary: ascending GPT-2 tokens, all single bytes and `<|endoftext|>` included. */
function checkVocabulary(vocabulary: unknown, fail: Fail): Uint32Array<ArrayBuffer> {
  const key = "agd_gpt2.vocabulary";
  if (!Array.isArray(vocabulary)) throw fail(key, `is neither "full" nor a list of tokens`);
  const end = FULL_VOCABULARY_SIZE - 1; // <|endoftext|>
  vocabulary.forEach((token, i) => {
    if (!Number.isInteger(token) || token < 0 || token > end) {
      throw fail(`${key}[${i}]`, `is ${quote(token)}, which is not a token of GPT-2`);
    }
    if (i > 0 && token <= vocabulary[i - 1]) {
      throw fail(`${key}[${i}]`, `is ${token}, which does not ascend`);
    }
  });
  if (vocabulary[255] !== 255) {
    throw fail(key, "lacks some of the tokens 0 to 255, the single bytes");
  }
  if (vocabulary.at(-1) !== end) throw fail(key, `lacks ${end}, <|endoftext|>`);
  return Uint32Array.from(vocabulary);
}
