import { fromFileUrl } from "@std/path";
import type { Batch } from "../tokens/batch.ts";
import { identify, type StreamIdentity } from "../data/order/position.ts";
import type { Shard } from "../data/files/shard.ts";
import { findShards } from "../data/files/sources.ts";
import { collectVocabulary, openTokenStream, type TokenStream } from "../data/token_stream.ts";
import { fullVocabulary, type Vocabulary } from "../tokens/vocabulary.ts";
import type { Cell } from "./cell.ts";

/** Where the corpus is that comes with the project. */
export const SAMPLE_CORPUS = fromFileUrl(new URL("../../data", import.meta.url));

/** What tables call a corpus. */
export function dataName(data: string): string {
  return data === SAMPLE_CORPUS ? "sample corpus" : data;
}

/** Data as a cell sees it. */
export class Corpus {
  readonly #validation = new Map<string, Promise<Batch[]>>();

  constructor(readonly shards: readonly Shard[], readonly vocabulary: Vocabulary) {}

  /** @throws {UserError} If the data is missing or bad. */
  static async open(data: string, kind: Cell["vocabulary"]): Promise<Corpus> {
    const shards = await findShards([data]);
    const vocabulary = kind === "full"
      ? fullVocabulary()
      : (await collectVocabulary(shards)).vocabulary;
    return new Corpus(shards, vocabulary);
  }

  /** What decides the training batches, but for their size. */
  identity(context: number, seed: number): StreamIdentity {
    const stream = { split: "training" as const, seed, context, shuffle: true, minTokens: 0 };
    return identify(this.shards, this.vocabulary, stream);
  }

  /** The training batches of a seed; to be closed. */
  training({ context, batch }: Cell, seed: number): Promise<TokenStream<Batch>> {
    return openTokenStream({ ...this.#options(context, batch), split: "training", seed });
  }

  /** The first batches of the validation part: at least so many tokens, if it has them. */
  validation({ context, batch }: Cell, tokens: number): Promise<Batch[]> {
    const key = JSON.stringify([context, batch, tokens]);
    const found = this.#validation.get(key) ?? this.#readValidation(context, batch, tokens);
    this.#validation.set(key, found);
    return found;
  }

  async #readValidation(context: number, batch: number, tokens: number): Promise<Batch[]> {
    const options = this.#options(context, batch);
    await using stream = await openTokenStream({ ...options, split: "validation", seed: 0 });
    const batches: Batch[] = [];
    while (batches.length * batch * context < tokens) {
      const next = await stream.next();
      if (!next) break;
      batches.push(next);
    }
    return batches;
  }

  #options(context: number, batch: number) {
    return { data: this.shards, vocabulary: this.vocabulary, context, batch };
  }
}
