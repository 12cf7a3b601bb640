import { mergesLines } from "./tokenizer_files.ts";

/**
 * The files of a byte-level byte-pair encoding, with a tokenizer.json made of vocab.json, merges.txt
 * and added_tokens.json if they lack one.
 *
 * @param files Their contents, by name, consistent.
 * @param endOfText The token that ends a document.
 */
export function withTokenizerJson(
  files: ReadonlyMap<string, string>,
  endOfText: number,
): ReadonlyMap<string, string> {
  const [vocabulary, merges] = [files.get("vocab.json"), files.get("merges.txt")];
  if (files.has("tokenizer.json") || !vocabulary || !merges) return files;
  const added: Record<string, number> = JSON.parse(files.get("added_tokens.json") ?? "{}");
  const ids: Record<string, number> = { ...JSON.parse(vocabulary), ...added };
  const end = Object.entries(ids).filter(([, id]) => id === endOfText);
  const special = { ...added, ...Object.fromEntries(end) };
  return new Map([
    ...files,
    ["tokenizer.json", tokenizerJson(vocabulary, mergesLines(merges), special)],
  ]);
}

/**
 * The tokenizer.json of a byte-level byte-pair encoding with GPT-2's split of text into words, as
 * Hugging Face's tokenizers read it: all of a tokenizer in one file.
 *
 * @param vocabulary What vocab.json holds: an object of the names and ids of all tokens.
 * @param pairs The pairs of tokens to join, by rank, as merges.txt has them.
 * @param special Ids of the tokens that are no text, by name.
 */
function tokenizerJson(
  vocabulary: string,
  pairs: readonly string[],
  special: Readonly<Record<string, number>>,
): string {
  const added = Object.entries(special).sort(([, a], [, b]) => a - b).map(([content, id]) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
  const steps = {
    normalizer: null,
    pre_tokenizer: { ...byteLevel, trim_offsets: true },
    post_processor: { ...byteLevel, trim_offsets: false },
    decoder: { ...byteLevel, trim_offsets: true },
  };
  const model = {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: "",
    end_of_word_suffix: "",
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
  };
  const begin = { version: "1.0", truncation: null, padding: null, added_tokens: added, ...steps };
  const open = (value: object) => JSON.stringify(value).slice(0, -1);
  // The vocabulary stays the text that it is: an object would put names that are numbers first.
  return `${open(begin)},"model":${open(model)},"vocab":${vocabulary.trim()},` +
    `"merges":${JSON.stringify(pairs)}}}\n`;
}
