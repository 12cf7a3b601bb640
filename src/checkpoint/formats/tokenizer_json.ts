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
 * @param most Rows of the model's embedding: of tokens from there on it knows none.
 * @throws What `fail` makes, if it is none; what is not supported is named.
 */
export function readTokenizerJson(json: unknown, most: number, fail: Fail): WrittenTokens {
  if (!isObject(json) || !isObject(json.model)) throw fail("has no model");
  const { model } = json;
  if (model.type !== undefined && model.type !== "BPE") {
    throw fail(`has a model of type ${quote(model.type)}: only BPE is supported`);
  }
  for (const [key, values] of Object.entries(PLAIN)) {
    if (model[key] === undefined || values.includes(model[key])) continue;
    throw fail(`has ${key} ${quote(model[key])}, which is not supported`);
  }
  checkSteps(json, fail);
  if (!isObject(model.vocab)) throw fail("has no vocab");
  if (!Array.isArray(model.merges)) throw fail("has no merges");
  const vocabulary = model.vocab;
  const isNew = (name: string) => !Object.hasOwn(vocabulary, name);
  const added = addedTokens(json.added_tokens, fail);
  const split = added.find(({ content, id, special }) => {
    return special === false && Number(id) < most && isNew(content);
  });
  if (split) {
    throw fail(`has the added token ${quote(split.content)}: only special ones are supported`);
  }
  return {
    vocabulary,
    pairs: model.merges.map((pair) => pairOf(pair, fail)),
    added: Object.fromEntries(added.map(({ content, id }) => [content, id])),
  };
}

/** Makes sure that nothing is done to the text but GPT-2's split into words. */
function checkSteps(json: Record<string, unknown>, fail: Fail): void {
  const { normalizer, pre_tokenizer, post_processor, decoder } = json;
  const typeOf = (part: unknown) => quote(isObject(part) ? part.type : part);
  if (normalizer) throw fail(`has a normalizer, ${typeOf(normalizer)}, which is not supported`);
  const splits = isObject(pre_tokenizer) && pre_tokenizer.type === "ByteLevel";
  if (!splits) {
    throw fail(`has the pre-tokenizer ${typeOf(pre_tokenizer)}: only ByteLevel is supported`);
  }
  if (pre_tokenizer.add_prefix_space) throw fail("has add_prefix_space, which is not supported");
  if (pre_tokenizer.use_regex === false) throw fail("has no use_regex: only GPT-2's is supported");
  for (const [name, part] of Object.entries({ "post-processor": post_processor, decoder })) {
    if (!part || isObject(part) && part.type === "ByteLevel") continue;
    throw fail(`has the ${name} ${typeOf(part)}: only ByteLevel is supported`);
  }
}

/** A pair as it is in a merges.txt: it is written so, or as a list of two. */
function pairOf(pair: unknown, fail: Fail): string {
  const parts = Array.isArray(pair) ? pair : [pair];
  if (parts.every((part) => typeof part === "string")) return parts.join(" ");
  throw fail(`has the pair ${quote(pair)}, which is not of names`);
}

/** A token that was added to a vocabulary. */
type AddedToken = { content: string; id: unknown; special?: unknown };

function addedTokens(list: unknown, fail: Fail): AddedToken[] {
  if (list === undefined || list === null) return [];
  const isToken = (token: unknown): token is AddedToken =>
    isObject(token) && typeof token.content === "string";
  if (!Array.isArray(list) || !list.every(isToken)) throw fail("has added_tokens that are none");
  return list;
}
