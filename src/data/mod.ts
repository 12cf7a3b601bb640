/**
 * Batches of tokens from text: files, globs, directories and URLs, JSON lines or plain text,
 * compressed or not, in an order that a seed decides and that can be continued from any batch.
 *
 * @example Count a corpus's vocabulary and read a batch
 * ```ts
 * import { collectVocabulary, openTokenStream } from "@agd/gpt2/data";
 *
 * const data = ["data/2005-06.jsonl.zst"];
 * const { vocabulary, documentCount } = await collectVocabulary(data);
 * console.log(`${documentCount} documents of ${vocabulary.size} tokens`);
 *
 * await using stream = await openTokenStream({
 *   data,
 *   vocabulary,
 *   context: 128,
 *   batch: 8,
 *   split: "training",
 *   seed: 1,
 * });
 * const { inputs, targets } = await stream.next(); // (8, 128) each
 * console.log(inputs[1] === targets[0]); // true: the target of a token is the next one
 * ```
 *
 * @module
 */
export type { HttpOptions } from "../http/options.ts";
export { type DataSources, type FindOptions, findShards } from "./files/sources.ts";
export type { Shard } from "./files/shard.ts";
export type { TarIndexOptions } from "./files/tar_index.ts";
export {
  type DataPosition,
  type MixtureOptions,
  type MixturePosition,
  openMixture,
} from "./mixture.ts";
export type { CorpusCount, CountOptions } from "./order/count.ts";
export type { StreamIdentity, StreamPosition } from "./order/position.ts";
export type { Split } from "./text/split.ts";
export {
  collectVocabulary,
  openTokenStream,
  type TokenStream,
  type TokenStreamOptions,
} from "./token_stream.ts";
