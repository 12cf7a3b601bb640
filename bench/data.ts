import { encode as gptTokenizerEncode } from "gpt-tokenizer/r50k_base";
import { fromFileUrl } from "@std/path";
import { toBatch } from "../src/data/batches.ts";
import { packBlocks } from "../src/data/blocks.ts";
import { parseDocument } from "../src/data/json_document.ts";
import { LineSplitter } from "../src/data/lines.ts";
import { permutation } from "../src/data/order.ts";
import { startOf } from "../src/data/position.ts";
import { readTexts } from "../src/data/reader.ts";
import { readShard } from "../src/data/shard.ts";
import { findShards } from "../src/data/sources.ts";
import { isIn } from "../src/data/split.ts";
import { openTokenStream } from "../src/data/token_stream.ts";
import { createTokenizer } from "../src/data/tokenize.ts";
import { fullVocabulary } from "../src/data/vocabulary.ts";
import { unzstd } from "../src/data/zstd.ts";
import type { Result } from "./result.ts";

/** The sample corpus of 3 MB is read so many times over. */
const REPEATED = 16;
/** Each measurement is the best of so many. */
const ROUNDS = 3;
const CONTEXT = 1024;
const BATCH = 8;
/** Sequences that the token stream shuffles together; reading goes block by block. */
const BLOCK = 1024;
const BLOCKS = 8;

const SAMPLES = fromFileUrl(new URL("../data", import.meta.url));

/**
 * Measures the way from files to batches: each part by itself, in one thread, on what the part
 * before it gave; then the whole, with one and with two tokenizers; and, to compare, gpt-tokenizer
 * by itself on the same text.
 */
export async function* benchData(): AsyncGenerator<Result> {
  const directory = await Deno.makeTempDir();
  try {
    const samples = await Promise.all(
      (await findShards([SAMPLES])).map(({ source }) => Deno.readFile(source)),
    );
    const frames = Array.from({ length: REPEATED }, () => samples).flat();
    await new Blob(frames).stream()
      .pipeTo((await Deno.create(`${directory}/corpus.jsonl.zst`)).writable);
    yield* measure(`${directory}/corpus.jsonl.zst`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function* measure(file: string): AsyncGenerator<Result> {
  const shards = await findShards([file]);
  const bytes = await Array.fromAsync(unzstd(readShard(shards[0]), file));
  const chunks = await Array.fromAsync(readTexts(shards, {}));
  const texts = chunks.flatMap(({ texts }) => texts);
  const tokenize = createTokenizer({});
  const idChunks = chunks.map(tokenize);

  const megabytes = new Blob(texts).size / 1e6;
  const megatokens = idChunks.reduce((sum, { ids }) => sum + ids.length, 0) / 1e6;
  let reference = 0;
  /** @param part The part of the text that was worked on. */
  const result = (name: string, seconds: number, part = 1): Result => ({
    name,
    "MB/s": part * megabytes / seconds,
    "million tokens/s": part * megatokens / seconds,
    "times gpt-tokenizer": part * reference / seconds,
  });

  reference = await best(() => texts.forEach((text) => gptTokenizerEncode(text)));
  yield result("gpt-tokenizer alone", reference);
  yield result("read and zstd", await best(() => drain(unzstd(readShard(shards[0]), file))));
  yield result("lines and JSON", await best(() => parseLines(bytes)));
  const part = { split: "training" as const, bound: 2 ** 32 / 20 };
  yield result("split by hash", await best(() => texts.forEach((text) => isIn(part, text))));
  yield result("tokenizer", await best(() => chunks.forEach((chunk) => tokenize(chunk))));
  yield result("packing", await best(() => pack(ReadableStream.from(idChunks))));
  yield result("reading, all of it", await best(() => drain(readTexts(shards, { part }))));
  const tokens = BLOCKS * BLOCK * CONTEXT / 1e6;
  for (const workers of [1, 2]) {
    let seconds = Infinity;
    for (let i = 0; i < ROUNDS; i++) seconds = Math.min(seconds, await stream(file, workers));
    const name = `whole chain, ${workers} tokenizer${workers > 1 ? "s" : ""}`;
    yield result(name, seconds, tokens / megatokens);
  }
}

function parseLines(chunks: readonly Uint8Array[]): void {
  const lines = new LineSplitter(2 ** 26);
  for (const chunk of chunks) for (const line of lines.push(chunk)) parseDocument(line!, false);
}

/** Ids to shuffled batches. */
async function pack(chunks: Parameters<typeof packBlocks>[0]): Promise<void> {
  for await (const { ids, count, start } of packBlocks(chunks, CONTEXT, BLOCK, startOf(0))) {
    const rows = Array.from(permutation(count, 0, start.block), (sequence) => {
      return ids.subarray(sequence * CONTEXT, (sequence + 1) * CONTEXT + 1);
    });
    for (let at = 0; at < count; at += BATCH) toBatch(rows.slice(at, at + BATCH), CONTEXT, 0);
  }
}

/** The seconds that a token stream takes for some blocks, once it runs. */
async function stream(file: string, workers: number): Promise<number> {
  const vocabulary = fullVocabulary();
  const options = { data: [file], vocabulary, context: CONTEXT, batch: BATCH, seed: 0, workers };
  await using batches = await openTokenStream({ ...options, split: "training" });
  const read = async (blocks: number) => {
    for (let i = 0; i < blocks * BLOCK / BATCH; i++) await batches.next();
  };
  await read(2);
  const start = performance.now();
  await read(BLOCKS);
  return (performance.now() - start) / 1000;
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** The seconds that the fastest of some rounds takes. */
async function best(work: () => void | Promise<void>): Promise<number> {
  let seconds = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    await work();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return seconds;
}
