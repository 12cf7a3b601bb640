import { isObject } from "../../json.ts";
import { quote } from "../../quote.ts";

/** What is asked of a tokenizer. Makes the error that says what is wrong with it. */
export type Fail = (what: string) => Error;

/** Tokens and pairs as they are written. */
export interface WrittenTokens {
  /** The id of each token's name: still of any type. */
  vocabulary: Record<string, unknown>;
  /** The names of the two tokens of each pair with a space between them, by rank. */
  pairs: string[];
  /** The ids of names that were added to the vocabulary. */
  added: Record<string, unknown>;
}

/** Settings of the encoding that must have one of these values, or none. */
const PLAIN: Record<string, readonly unknown[]> = {
  type: ["BPE"],
  dropout: [null, 0],
  continuing_subword_prefix: [null, ""],
  end_of_word_suffix: [null, ""],
  byte_fallback: [false],
  ignore_merges: [false],
};

/**
 * What a tokenizer.json holds, if it is a byte-level byte-pair encoding with GPT-2's split of text
 * into words, and changes nothing of the text before or after that.
 *
 * @throws What `fail` makes, if it is none; what is not supported is named.
 */
export function readTokenizerJson(json: unknown, fail: Fail): WrittenTokens {
  if (!isObject(json) || !isObject(json.model)) throw fail("has no model");
  const { model, normalizer, pre_tokenizer, post_processor } = json;
  if (model.type !== undefined && model.type !== "BPE") {
    throw fail(`has a model of type ${quote(model.type)}: only BPE is supported`);
  }
  for (const [key, values] of Object.entries(PLAIN)) {
    if (model[key] === undefined || values.includes(model[key])) continue;
    throw fail(`has ${key} ${quote(model[key])}, which is not supported`);
  }
  const typeOf = (part: unknown) => quote(isObject(part) ? part.type : part);
  if (normalizer) throw fail(`has a normalizer, ${typeOf(normalizer)}, which is not supported`);
  const splits = isObject(pre_tokenizer) && pre_tokenizer.type === "ByteLevel";
  if (!splits) {
    throw fail(`has the pre-tokenizer ${typeOf(pre_tokenizer)}: only ByteLevel is supported`);
  }
  if (pre_tokenizer.add_prefix_space) throw fail("has add_prefix_space, which is not supported");
  if (pre_tokenizer.use_regex === false) throw fail("has no use_regex: only GPT-2's is supported");
  if (post_processor && !(isObject(post_processor) && post_processor.type === "ByteLevel")) {
    throw fail(`has the post-processor ${typeOf(post_processor)}: only ByteLevel is supported`);
  }
  if (!isObject(model.vocab)) throw fail("has no vocab");
  if (!Array.isArray(model.merges)) throw fail("has no merges");
  const pairs = model.merges.map((pair) => Array.isArray(pair) ? pair.join(" ") : String(pair));
  return { vocabulary: model.vocab, pairs, added: addedTokens(json.added_tokens, fail) };
}

function addedTokens(list: unknown, fail: Fail): Record<string, unknown> {
  if (list === undefined || list === null) return {};
  const isToken = (token: unknown) => isObject(token) && typeof token.content === "string";
  if (!Array.isArray(list) || !list.every(isToken)) throw fail("has added_tokens that are none");
  return Object.fromEntries(list.map(({ content, id }) => [content, id]));
}
