import { quote } from "../../quote.ts";
import { type ByteLevelEncoding, MOST_TOKENS } from "../../tokens/own_tokens.ts";
import { bytesOf, CHARACTERS } from "./token_names.ts";
import type { Fail, WrittenTokens } from "./tokenizer_json.ts";

/** An encoding, and what its tokens are called. */
export interface NamedEncoding {
  encoding: ByteLevelEncoding;
  /** The id of each name. */
  ids: ReadonlyMap<string, number>;
}

/**
 * The encoding of tokens as they are written, made sure to be one: ids from 0 on without gaps, all
 * single bytes, and pairs of tokens that bytes and the pairs before make, each once.
 *
 * @param most Tokens that were added are left out from this id on: the model has none.
 * @throws What `fail` makes, if it is none.
 */
export function readEncoding(written: WrittenTokens, most: number, fail: Fail): NamedEncoding {
  const ids = readIds(written, most, fail);
  const bytes = [...ids.keys()].map(bytesOf);
  const starts = new Uint32Array(bytes.length + 1);
  bytes.forEach(({ length }, id) => starts[id + 1] = starts[id] + length);
  const joined = new Uint8Array(starts[bytes.length]);
  bytes.forEach((part, id) => joined.set(part, starts[id]));
  const tokenOfByte = Uint32Array.from(CHARACTERS, (name, byte) => {
    const id = ids.get(name);
    if (id !== undefined) return id;
    throw fail(`lacks the token of the byte ${byte}, ${quote(name)}`);
  });
  const merges = readMerges(written.pairs, ids, fail);
  return { encoding: { bytes: joined, starts, tokenOfByte, merges }, ids };
}

/** The ids of all names, ascending. */
function readIds(
  { vocabulary, added }: WrittenTokens,
  most: number,
  fail: Fail,
): Map<string, number> {
  const names = new Map(Object.entries(vocabulary));
  for (const [name, id] of Object.entries(added)) {
    const known = names.get(name);
    if (known !== undefined && known !== id) {
      throw fail(`has two ids for ${quote(name)}: ${quote(known)} and ${quote(id)}`);
    }
    if (known === undefined && !(Number(id) >= most)) names.set(name, id);
  }
  if (names.size > MOST_TOKENS) {
    throw fail(`has ${names.size} tokens: at most ${MOST_TOKENS} are supported`);
  }
  const ordered = new Array<string | undefined>(names.size);
  for (const [name, id] of names) {
    if (!Number.isInteger(id) || !(Number(id) >= 0) || Number(id) >= names.size) {
      throw fail(`has the id ${quote(id)} for ${quote(name)}, not one from 0 to ${names.size - 1}`);
    }
    const other = ordered[Number(id)];
    if (other !== undefined) {
      throw fail(`has the id ${id} twice, for ${quote(other)} and ${quote(name)}`);
    }
    if (name === "") throw fail(`has no name for the id ${id}`);
    ordered[Number(id)] = name;
  }
  return new Map(ordered.map((name, id) => [name!, id]));
}

function readMerges(
  pairs: readonly string[],
  ids: ReadonlyMap<string, number>,
  fail: Fail,
): Uint32Array<ArrayBuffer> {
  const merges = new Uint32Array(3 * pairs.length);
  const made = new Set(CHARACTERS);
  const seen = new Set<string>();
  pairs.forEach((pair, rank) => {
    const wrong = (what: string) =>
      fail(`has the pair ${quote(pair)}, number ${rank + 1}, ${what}`);
    const parts = pair.split(" ");
    if (parts.length !== 2) throw wrong("which is not two tokens");
    if (seen.has(pair)) throw wrong("twice");
    for (const part of parts) {
      if (!made.has(part)) throw wrong(`though nothing before makes ${quote(part)}`);
    }
    const whole = parts.join("");
    const joined = ids.get(whole);
    if (joined === undefined) throw wrong(`but no token ${quote(whole)}`);
    merges.set([ids.get(parts[0])!, ids.get(parts[1])!, joined], 3 * rank);
    made.add(whole);
    seen.add(pair);
  });
  if (2 * made.size < ids.size) { // the file was cut off: text would become single bytes
    throw fail(`has pairs for ${made.size - CHARACTERS.length} of ${ids.size} tokens only`);
  }
  return merges;
}
