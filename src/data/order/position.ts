import { hash } from "node:crypto";
import { UserError } from "../../errors.ts";
import { isObject } from "../../json.ts";
import type { Shard } from "../files/shard.ts";
import type { Split } from "../text/split.ts";
import type { Vocabulary } from "../../tokens/vocabulary.ts";

/** What decides the order of a stream's tokens; the size of its batches does not. */
export interface StreamIdentity {
  /** A hash of the names and sizes of the shards, and of the versions of remote ones. */
  data: string;
  /** Which part of the corpus. */
  split: Split;
  /** The seed of the order. */
  seed: number;
  /** Tokens in a sequence. */
  context: number;
  /** Whether the order is random. */
  shuffle: boolean;
  /** The language of documents that are not left out, or null. */
  lang: string | null;
  /** The number of tokens below which documents are left out. */
  minTokens: number;
  /** A hash of the vocabulary. */
  vocabulary: string;
}

/**
 * A place between two sequences of a token stream, from which it can be continued: a small plain
 * value, to be kept as JSON. Sequences come in blocks, each in a random order that depends only on
 * the seed and the numbers of the pass and the block, so a place is where its block begins in the data, and how many
 * of the block's sequences are before it.
 */
export interface StreamPosition {
  /** The stream that it is a position in. */
  of: StreamIdentity;
  /** What divides training and validation documents (see {@linkcode StreamIdentity.split}). */
  validationBound: number;
  /** Complete passes over the data. */
  epoch: number;
  /** The shard in which the block begins, as its number in the order of this pass. */
  shard: number;
  /** The line of that shard in whose document it begins, from 0; of a `.txt` file, the piece. */
  line: number;
  /** The token of that document, or piece, with which it begins. */
  token: number;
  /** The number of the block in this pass. */
  block: number;
  /** Sequences of the block that were given. */
  sequence: number;
}

/** Where a block of sequences begins. */
export type Place = Omit<StreamPosition, "of" | "validationBound" | "sequence">;

/** The first place of a pass. */
export function startOf(epoch: number): Place {
  return { epoch, shard: 0, line: 0, token: 0, block: 0 };
}

/** The identity of a stream. */
export function identify(
  shards: readonly Shard[],
  vocabulary: Vocabulary,
  rest: Omit<StreamIdentity, "data" | "vocabulary" | "lang"> & { lang?: string },
): StreamIdentity {
  // Without directories: a corpus may be moved, or named from elsewhere.
  const files = shards.map(({ name, size, version, column }) => [
    ...[name.replace(/^.*[/\\]/, ""), size, version],
    ...column === undefined ? [] : [column],
  ]);
  const { split, seed, context, shuffle, lang, minTokens } = rest;
  return {
    data: digest(JSON.stringify(files)),
    split,
    seed,
    context,
    shuffle,
    lang: lang ?? null,
    minTokens,
    vocabulary: identifyVocabulary(vocabulary),
  };
}

function identifyVocabulary({ tokens, tokenizer: { own } }: Vocabulary): string {
  if (tokens) return digest(tokens);
  if (!own) return "full";
  const { bytes, starts, tokenOfByte, merges } = own.encoding ?? {};
  const parts = [bytes, starts, tokenOfByte, merges].map((part) => part && digest(part));
  return digest(JSON.stringify([own.endOfText, ...parts]));
}

const COUNTS = ["epoch", "shard", "line", "token", "block", "sequence"] as const;

/** What the values of an identity are. */
const TYPES: Record<keyof StreamIdentity, string> = {
  data: "string",
  split: "string",
  seed: "number",
  context: "number",
  shuffle: "boolean",
  lang: "string", // or null
  minTokens: "number",
  vocabulary: "string",
};

/**
 * A position that was read from somewhere, without what else may be there: what is nested deeply can
 * be neither printed nor sent to a worker.
 *
 * @throws {UserError} If it is no position at all.
 */
export function plainPosition(position: StreamPosition): StreamPosition {
  const { of, validationBound, epoch, shard, line, token, block, sequence } = position;
  const isIdentity = isObject(of) && Object.entries(TYPES).every(([key, type]) => {
    const value: unknown = of[key as keyof StreamIdentity];
    return typeof value === type || key === "lang" && value === null;
  });
  const isWhole = isIdentity && typeof validationBound === "number" &&
    COUNTS.every((name) => Number.isInteger(position[name]) && position[name] >= 0);
  if (!isWhole) throw new UserError("the data position is damaged: start anew without it", "DATA");
  const { data, split, seed, context, shuffle, lang, minTokens, vocabulary } = of;
  return {
    of: { data, split, seed, context, shuffle, lang, minTokens, vocabulary },
    ...{ validationBound, epoch, shard, line, token, block, sequence },
  };
}

/** @throws {UserError} If the position is none at all, or not one of the stream. */
export function checkPosition(position: StreamPosition, stream: StreamIdentity): void {
  const other = otherStream(position, stream);
  if (other === undefined) return;
  throw new UserError(
    `the data position is of ${other}: continue with the same, or start anew`,
    "DATA",
  );
}

/**
 * What stream a position is one of, if not of this one, e.g. `seed 7`.
 *
 * @throws {UserError} If it is no position at all.
 */
export function otherStream(
  position: StreamPosition,
  stream: StreamIdentity,
): string | undefined {
  const { of } = plainPosition(position);
  const differing = (Object.keys(stream) as (keyof StreamIdentity)[])
    .find((key) => of[key] !== stream[key]);
  if (differing === undefined) return undefined;
  return {
    data: "other data files",
    vocabulary: "another vocabulary",
    split: `the ${of.split} part`,
    seed: `seed ${of.seed}`,
    context: `context ${of.context}`,
    shuffle: of.shuffle ? "shuffled data" : "data in order",
    lang: of.lang === null ? "documents of all languages" : `documents in ${of.lang}`,
    minTokens: `documents of at least ${of.minTokens} tokens`,
  }[differing];
}

function digest(data: string | Uint32Array | Uint8Array): string {
  const bytes = typeof data === "string"
    ? data
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return hash("sha256", bytes).slice(0, 16);
}
