import { mergeBytes } from "../../tokens/bpe.ts";
import { END_OF_TEXT, TOKEN_COUNT, tokenBytes } from "../../tokens/tokenizer.ts";

/** Tokens from here on are joined from two others; those before are the single bytes. */
const FIRST_MERGED = 256;

/**
 * GPT-2's tokenizer in the files that Hugging Face's `GPT2Tokenizer` reads: `vocab.json` (the
 * number of each token) and `merges.txt` (the pairs of tokens to join, by rank), in which each byte
 * is a character that can be seen; and `tokenizer_config.json` and `special_tokens_map.json`.
 *
 * The pair that a token is joined from is what byte-pair encoding leaves of its bytes with the
 * tokens of lower ranks.
 *
 * @param context The longest text that the model takes, in tokens.
 * @returns The contents by file name.
 */
export function tokenizerFiles(context: number): Map<string, string> {
  const end = "<|endoftext|>";
  const special = { bos_token: end, eos_token: end, unk_token: end };
  const config = {
    tokenizer_class: "GPT2Tokenizer",
    add_prefix_space: false,
    model_max_length: context,
    ...special,
  };
  return new Map([
    ["vocab.json", vocabulary ??= writeVocabulary(end)],
    ["merges.txt", merges ??= writeMerges()],
    ["tokenizer_config.json", JSON.stringify(config) + "\n"],
    ["special_tokens_map.json", JSON.stringify(special) + "\n"],
  ]);
}

let vocabulary: string | undefined;
let merges: string | undefined;

function writeVocabulary(end: string): string {
  const entries: string[] = [];
  for (let token = 0; token < TOKEN_COUNT; token++) {
    const name = token === END_OF_TEXT ? end : nameOf(token);
    entries.push(`${JSON.stringify(name)}: ${token}`);
  }
  return `{${entries.join(", ")}}\n`; // not an object, which would put the digits first
}

function writeMerges(): string {
  const lines = ["#version: 0.2"];
  for (let token = FIRST_MERGED; token < END_OF_TEXT; token++) {
    lines.push(mergeBytes(tokenBytes(token), token).map(nameOf).join(" "));
  }
  return lines.join("\n") + "\n";
}

function nameOf(token: number): string {
  return Array.from(tokenBytes(token), (byte) => CHARACTERS[byte]).join("");
}

/**
 * The character that stands for each byte: itself if it can be seen, or else one of those from
 * U+0100 on, in order.
 */
const CHARACTERS: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isSeen = byte > 0x20 && byte < 0x7f || byte > 0xa0 && byte !== 0xad;
    return String.fromCharCode(isSeen ? byte : next++);
  });
})();
