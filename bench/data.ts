import { encode as gptTokenizerEncode } from "gpt-tokenizer/r50k_base";
import { fromFileUrl } from "@std/path";
import { cpuUsage } from "node:process";
import { toBatch } from "../src/data/order/batch.ts";
import { packBlocks } from "../src/data/pack/blocks.ts";
import { documentsIn } from "../src/data/text/documents.ts";
import { Permutation } from "../src/data/order/permutation.ts";
import { startOf } from "../src/data/order/position.ts";
import { readTexts, type TextChunk } from "../src/data/text/reader.ts";
import { readShard } from "../src/data/files/shard.ts";
import { shuffleDocuments } from "../src/data/order/shuffle.ts";
import { findShards } from "../src/data/files/sources.ts";
import { isIn } from "../src/data/text/split.ts";
import { openTokenStream } from "../src/data/token_stream.ts";
import { createTokenizer, type IdChunk } from "../src/data/tokenize/tokenize.ts";
import { END_OF_TEXT } from "../src/tokens/tokenizer.ts";
import { fullVocabulary } from "../src/tokens/vocabulary.ts";
import { unzstd } from "../src/data/files/zstd.ts";
import type { Result } from "./result.ts";
import { median } from "./statistics.ts";

/** The sample corpus of 3 MB is read so many times over. */
const REPEATED = 16;
/** Each is measured in so many rounds, gpt-tokenizer by itself in each of them too. */
const ROUNDS = 3;
const CONTEXT = 1024;
const BATCH = 8;
/** Sequences that the token stream shuffles together; reading goes block by block. */
const BLOCK = 1024;
const BLOCKS = 16;
/** Blocks before them, while the workers' code is compiled. */
const FIRST = 8;

const SAMPLES = fromFileUrl(new URL("../data", import.meta.url));

/**
 * Measures the way from files to batches: each part by itself, in one thread, on what the part
 * before it gave; then the whole, with one and with two tokenizers. In every round all are measured
 * in turn, and so is gpt-tokenizer by itself on the same text, so that whatever else the machine
 * does meanwhile weighs on all of them. Speeds are those of the fastest round, ratios the median of
 * those of the rounds.
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

/** What a round took. */
interface Time {
  /** Seconds. */
  wall: number;
  /** Seconds of all threads together. */
  cpu: number;
}

/** One thing to measure. */
interface Task {
  name: string;
  /** Threads that tokenize, or do what is measured. */
  workers: number;
  /** The part of the text that it works on. */
  part: number;
  work: () => void | Promise<void> | Promise<Time>;
}

async function* measure(file: string): AsyncGenerator<Result> {
  const shards = await findShards([file]);
  const chunks = await Array.fromAsync(readTexts(shards, {}));
  const documents = chunks.map(({ block }) => [...documentsIn(block, {})]);
  const texts = documents.flat().map(({ text }) => text);
  const tokenize = createTokenizer({});
  const ids = documents.map((documents) => tokenize(documents));
  const half = { split: "training" as const, bound: 2 ** 31 };

  const tokens = ids.reduce((sum, { ids }) => sum + ids.length, 0);
  const ofStream = BLOCKS * BLOCK * CONTEXT / tokens;
  const whole = { workers: 1, part: 1 };
  const tasks: Task[] = [
    {
      ...whole,
      name: "gpt-tokenizer alone",
      work: () => texts.forEach((t) => gptTokenizerEncode(t)),
    },
    { ...whole, name: "zstd", work: () => drain(unzstd(readShard(shards[0]), file)) },
    { ...whole, name: "zstd and lines", work: () => drain(readTexts(shards, {})) },
    { ...whole, name: "JSON", work: () => chunks.forEach(parse) },
    { ...whole, name: "split by hash", work: () => texts.forEach((text) => isIn(half, text)) },
    { ...whole, name: "tokenizer", work: () => documents.forEach((some) => tokenize(some)) },
    { ...whole, name: "packing", work: () => pack(ids.map((some) => copyOf(some))) },
    ...[1, 2].map((workers) => ({
      name: `whole chain, ${workers} tokenizer${workers > 1 ? "s" : ""}`,
      ...{ workers, part: ofStream, work: () => stream(file, workers) },
    })),
  ];
  const rounds: Time[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times: Time[] = [];
    for (const { work } of tasks) times.push(await timed(work));
    rounds.push(times);
  }
  /** How many times as fast as another task one is. */
  const ratio = (of: "wall" | "cpu", task: number, other: number) => {
    const { part } = tasks[task];
    const ratios = rounds.map((times) => times[other][of] / times[task][of]);
    return part / tasks[other].part * median(ratios);
  };
  const megabytes = new Blob(texts).size / 1e6;
  for (const [task, { name, workers, part }] of tasks.entries()) {
    const seconds = Math.min(...rounds.map((times) => times[task].wall));
    const perWorker = part / seconds / workers;
    yield {
      name,
      "MB/s": workers * perWorker * megabytes,
      "of these per worker": perWorker * megabytes,
      "million tokens/s": workers * perWorker * tokens / 1e6,
      "of those per worker": perWorker * tokens / 1e6,
      "times gpt-tokenizer": ratio("wall", task, 0),
      "the same by CPU time": ratio("cpu", task, 0),
      ...workers > 1 ? { "times one worker": ratio("wall", task, task - 1) } : {},
    };
  }
}

async function timed(work: Task["work"]): Promise<Time> {
  const start = performance.now();
  const before = cpuSeconds();
  return await work() ??
    { wall: (performance.now() - start) / 1000, cpu: cpuSeconds() - before };
}

/** CPU time of all threads of this process so far. */
function cpuSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

function parse({ block }: TextChunk): void {
  for (const _ of documentsIn(block, {}));
}

/** Packing gives the memory of what it packs back. */
function copyOf(ids: Omit<IdChunk, "shard" | "skipped">): IdChunk {
  return { ...ids, ids: ids.ids.slice(), shard: 0, skipped: 0 };
}

/** Ids to shuffled batches. */
async function pack(chunks: IdChunk[]): Promise<void> {
  const blocks = packBlocks(ReadableStream.from(chunks), CONTEXT, BLOCK, startOf(0));
  for await (const { ids, count, start } of blocks) {
    shuffleDocuments(ids, END_OF_TEXT, 0, start.block);
    const rows = Array.from(new Permutation(count, 0, start.block), (sequence) => {
      return ids.subarray(sequence * CONTEXT, (sequence + 1) * CONTEXT + 1);
    });
    for (let at = 0; at < count; at += BATCH) toBatch(rows.slice(at, at + BATCH), CONTEXT, 0);
  }
}

/** What a token stream takes for some blocks, once it runs. */
async function stream(file: string, workers: number): Promise<Time> {
  const vocabulary = fullVocabulary();
  const options = { data: [file], vocabulary, context: CONTEXT, batch: BATCH, seed: 0, workers };
  await using batches = await openTokenStream({ ...options, split: "training" });
  const read = async (blocks: number) => {
    for (let i = 0; i < blocks * BLOCK / BATCH; i++) await batches.next();
  };
  await read(FIRST);
  return await timed(() => read(BLOCKS));
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}
