import { readEncoding } from "../../src/checkpoint/formats/read_encoding.ts";
import { ownTokenizer } from "../../src/tokens/own_tokenizer.ts";
import type { Tokenizer } from "../../src/tokens/tokenizer.ts";
import { fullVocabulary, type Vocabulary } from "../../src/tokens/vocabulary.ts";
import { toCharacters } from "../reference/bpe.ts";

/** Pairs made by hand. */
export const PAIRS = ["t h", "Ġ th", "Ġth e", "o n", "m o", "mo on", "Ġ moon", "Ã ¤", "r i", "i s"];

/** What ends a document: the first token, not the last. */
export const END = "</s>";

/** A tokenizer of a model's own as it is written: ids of names, and pairs. */
export interface SmallTokenizer {
  ids: Record<string, number>;
  pairs: readonly string[];
}

/** The end first, then the bytes in an order that is not GPT-2's, then what the pairs make. */
export function smallTokenizer(pairs: readonly string[] = PAIRS): SmallTokenizer {
  const bytes = toCharacters(Uint8Array.from({ length: 256 }, (_, i) => 255 - i));
  const made = pairs.map((pair) => pair.replace(" ", ""));
  const names = [...new Set([END, ...bytes, ...made])];
  return { ids: Object.fromEntries(names.map((name, id) => [name, id])), pairs };
}

/** Its files, by name. */
export function smallFiles({ ids, pairs } = smallTokenizer()): Record<string, string> {
  return {
    "vocab.json": JSON.stringify(ids),
    "merges.txt": `#version: 0.2\n${pairs.join("\n")}\n`,
    "tokenizer_config.json": JSON.stringify({ eos_token: END, tokenizer_class: "GPT2Tokenizer" }),
  };
}

/** The same as a tokenizer.json. */
export function smallJson({ ids, pairs } = smallTokenizer()): Record<string, unknown> {
  return {
    version: "1.0",
    added_tokens: [{ id: 0, content: END, special: true }],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true },
    post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", dropout: null, vocab: ids, merges: pairs },
  };
}

/** The tokenizer that these files make. */
export function tokenizerFrom({ ids, pairs } = smallTokenizer()): Tokenizer {
  const fail = (what: string) => new Error(what);
  const { encoding } = readEncoding(
    { vocabulary: ids, pairs: [...pairs], added: {} },
    Infinity,
    fail,
  );
  return ownTokenizer({ endOfText: ids[END] ?? 0, encoding }, new Map());
}

/** All of its tokens. */
export function ownVocabulary(): Vocabulary {
  return fullVocabulary(tokenizerFrom());
}
