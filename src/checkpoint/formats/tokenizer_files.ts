import { sha256 } from "../../sha256.ts";
import { mergeBytes } from "../../tokens/bpe.ts";
import { nameOf } from "./token_names.ts";
import { END_NAME, END_OF_TEXT, TOKEN_COUNT, tokenBytes } from "../../tokens/tokenizer.ts";

/** SHA-256 of GPT-2's pairs, a line each, without the last line's end. */
const MERGES_SHA256 = "04e3597d7996f292ca9b8b7285ca4d58a6ae171ac47d73fc7140ceb0c7a6bbc0";

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
 * @param endOfText The token that ends a document. @default `<|endoftext|>`
 * @returns The contents by file name.
 */
export function tokenizerFiles(context: number, endOfText = END_OF_TEXT): Map<string, string> {
  const end = writtenName(endOfText);
  const special = { bos_token: end, eos_token: end, unk_token: end };
  const config = {
    tokenizer_class: "GPT2Tokenizer",
    add_prefix_space: false,
    model_max_length: context,
    ...special,
  };
  return new Map([
    ["vocab.json", vocabulary ??= writeVocabulary()],
    ["merges.txt", merges ??= writeMerges()],
    ["tokenizer_config.json", JSON.stringify(config) + "\n"],
    ["special_tokens_map.json", JSON.stringify(special) + "\n"],
  ]);
}

/** What a vocab.json calls a token. */
function writtenName(token: number): string {
  return token === END_OF_TEXT ? END_NAME : nameOf(token);
}

let vocabulary: string | undefined;
let merges: string | undefined;

function writeVocabulary(): string {
  const entries: string[] = [];
  for (let token = 0; token < TOKEN_COUNT; token++) {
    entries.push(`${JSON.stringify(writtenName(token))}: ${token}`);
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

/** Whether a vocab.json is GPT-2's; further tokens do not matter. */
export function isGpt2Vocabulary(json: Record<string, unknown>): boolean {
  for (let token = 0; token < TOKEN_COUNT; token++) {
    const name = writtenName(token);
    if (!Object.hasOwn(json, name) || json[name] !== token) return false;
  }
  return true;
}

/** Whether the pairs of a merges.txt are GPT-2's, by their digest: to find them takes seconds. */
export async function isGpt2Merges(pairs: readonly string[]): Promise<boolean> {
  return await sha256(new TextEncoder().encode(pairs.join("\n"))) === MERGES_SHA256;
}

/** The pairs of a merges.txt, without the version that it begins with and empty lines at its end. */
export function mergesLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  while (lines.at(-1) === "") lines.pop();
  return lines[0]?.startsWith("#version") ? lines.slice(1) : lines;
}
