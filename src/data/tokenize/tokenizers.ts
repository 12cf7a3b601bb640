import { mapAhead, oneAhead } from "./ahead.ts";
import type { TextChunk } from "../text/reader.ts";
import { type ChunkOptions, createChunkTokenizer, type IdChunk } from "./tokenize.ts";
import { WorkerClient } from "../threads/worker_client.ts";

/** Bytes that a worker has at a time: enough to outlast a wait of the reader for the disk. */
const QUEUED = 2 ** 20;

function sizeOf({ block }: TextChunk): number {
  if ("bytes" in block) return block.bytes.length;
  return block.pieces.reduce((sum, { text }) => sum + text.length, 0);
}

/**
 * Parses and tokenizes in parallel. One tokenizer works in the thread that reads: reading takes so
 * little time that a thread of its own would cost more than it gains. Of several each has its own
 * worker, to which blocks of bytes are moved.
 */
export class Tokenizers implements Disposable {
  readonly #workers: WorkerClient<TextChunk, IdChunk>[];
  readonly #tokenizeHere: (chunk: TextChunk) => IdChunk;

  /** @param count The number of tokenizers, at least 1. */
  constructor(count: number, options: ChunkOptions) {
    this.#tokenizeHere = createChunkTokenizer(options);
    this.#workers = Array.from({ length: count > 1 ? count : 0 }, () => {
      return new WorkerClient(new URL("./tokenizer_worker.ts", import.meta.url), options);
    });
  }

  /**
   * The ids of texts in the order of the texts, whatever the number of tokenizers.
   *
   * @param onBad Called for each bad line that was skipped.
   * @throws {DataError} As {@linkcode createChunkTokenizer}.
   */
  async *tokenize(texts: AsyncGenerator<TextChunk>, onBad?: () => void): AsyncGenerator<IdChunk> {
    for await (const chunk of this.#tokenize(texts)) {
      for (let i = 0; i < chunk.skipped; i++) onBad?.();
      yield chunk;
    }
  }

  #tokenize(texts: AsyncGenerator<TextChunk>): AsyncGenerator<IdChunk> {
    const workers = this.#workers;
    if (workers.length === 0) return map(oneAhead(texts), this.#tokenizeHere);
    const send = (chunk: TextChunk) => {
      const idlest = workers.reduce((a, b) => b.waiting < a.waiting ? b : a);
      return idlest.request(chunk, "bytes" in chunk.block ? [chunk.block.bytes.buffer] : []);
    };
    return mapAhead(texts, QUEUED * workers.length, sizeOf, send);
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.close();
  }
}

async function* map<T, R>(items: AsyncIterable<T>, of: (item: T) => R): AsyncGenerator<R> {
  for await (const item of items) yield of(item);
}
