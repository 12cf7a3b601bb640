import { UserError } from "../../errors.ts";
import { isBin } from "../bin/bin_file.ts";
import { lockShare, type Share } from "./lock.ts";
import { identifyShard, readRecord, ShardFiles, type ShardRecord } from "./record.ts";
import type { PrepareTask } from "./shard.ts";
import { readAllDocuments } from "../text/reader.ts";
import { findShards } from "../files/sources.ts";
import { validationBound } from "../text/split.ts";
import { WorkerClient } from "../threads/worker_client.ts";

/** What to prepare, and how. */
export interface PrepareOptions {
  /** Files, globs and directories of text. */
  data: readonly string[];
  /** The directory for the token files; created. */
  out: string;
  /** Every `of`-th shard only, from the `number`-th on, counted from 1. @default all */
  share?: Share;
  /** The column of Parquet files that holds the texts. @default text */
  column?: string;
  /** Leave out documents that say to be in another language than this, e.g. `en`. */
  lang?: string;
  /** Leave out documents of fewer tokens. @default 0 */
  minTokens?: number;
  /** Skip and count what cannot be read, instead of failing. @default false */
  skipBad?: boolean;
  /** Shards that are prepared at a time. @default the number of processors */
  workers?: number;
  /** Called every 200 ms and at the end. */
  onProgress?: (progress: PrepareProgress) => void;
  /** Stops the work when aborted, without what is not whole; another call goes on with the rest. */
  signal?: AbortSignal;
}

/** How far it is. */
export interface PrepareProgress {
  /** Bytes read, as they are stored, of shards that were not done before. */
  bytes: number;
  /** Their size; undefined if that of one of them is not known. */
  totalBytes?: number;
  /** The number of shards that are done. */
  shards: number;
  /** The number of shards to be done here. */
  totalShards: number;
}

/** What came of it. */
export interface PrepareResult {
  /** The number of shards, and of those that were done already. */
  shards: number;
  doneBefore: number;
  /** Documents in all shards. */
  documents: number;
  /** Tokens in the files for training and for validation. */
  trainingTokens: number;
  validationTokens: number;
  /** Bad lines that were skipped. */
  skipped: number;
}

/**
 * Tokenizes data once, into a directory of token files that training reads by random access: for
 * shard number 7 `tokens_train_000007.bin` and `tokens_val_000007.bin` (in llm.c's layout, see
 * {@linkcode BinFile}), and a record of it, `tokens_000007.json`. A part without tokens has no file,
 * one of 2^31 tokens or more has several.
 * The parts are those that training on the text itself would use.
 *
 * It may be killed at any time and called again: shards with a record are not done again.
 * Shares may be prepared on different machines, and their files put together.
 *
 * @throws {UserError} If data is missing or bad, it cannot write, a shard that is done was
 * prepared from other data or with other options, or another process is preparing one of these
 * shards in the directory.
 * @throws The signal's reason, if it is aborted before all is done.
 */
export async function prepare(options: PrepareOptions): Promise<PrepareResult> {
  const { data, out, column, lang, minTokens = 0, skipBad = false, share = { number: 1, of: 1 } } =
    options;
  const { signal } = options;
  let skipped = 0;
  const shards = await findShards(data, { column, skipBad, onBad: () => skipped++ });
  const bin = shards.find(isBin);
  if (bin) throw new UserError(`${bin.name} holds tokens: it needs no preparation`, "DATA");
  using _lock = await lockShare(out, share);
  const onRead = () => signal?.throwIfAborted();
  const bound = await validationBound(readAllDocuments(shards, { skipBad, onRead }), lang);
  const records: ShardRecord[] = [];
  const tasks: PrepareTask[] = [];
  for (let index = share.number - 1; index < shards.length; index += share.of) {
    signal?.throwIfAborted();
    const shard = shards[index];
    const of = await identifyShard(shard, { lang, minTokens, validationBound: bound });
    const record = await readRecord(new ShardFiles(out, index), of, skipBad);
    if (record) records.push(record);
    else tasks.push({ shard, of, out, index, skipBad });
  }
  await checkNothingElse(out, shards.length);
  const doneBefore = records.length;
  await runTasks(tasks, records, options);
  const sum = (of: (record: ShardRecord) => number) => records.reduce((sum, r) => sum + of(r), 0);
  return {
    shards: records.length,
    doneBefore,
    documents: sum(({ documents }) => documents),
    trainingTokens: sum(({ tokens }) => tokens.training),
    validationTokens: sum(({ tokens }) => tokens.validation),
    skipped: skipped + sum(({ skipped }) => skipped),
  };
}

/** Runs the tasks in workers; the first error stops all, when they have removed what is not whole. */
async function runTasks(
  tasks: PrepareTask[],
  records: ShardRecord[],
  { workers = navigator.hardwareConcurrency, onProgress, signal }: PrepareOptions,
): Promise<void> {
  const shared = new BigInt64Array(new SharedArrayBuffer(16)); // the bytes read; whether to stop
  const totalShards = tasks.length + records.length;
  const sizes = tasks.map(({ shard }) => shard.size);
  const totalBytes = sizes.every((size) => size !== undefined)
    ? sizes.reduce((sum, size) => sum + size, 0)
    : undefined;
  const report = () => {
    const bytes = Number(Atomics.load(shared, 0));
    onProgress?.({ bytes, totalBytes, shards: records.length, totalShards });
  };
  // Large ones first, so that none is left alone at the end.
  const waiting = tasks.toSorted((a, b) => (b.shard.size ?? 0) - (a.shard.size ?? 0));
  const clients = Array.from({ length: Math.min(workers, tasks.length) }, () => {
    const url = new URL("./worker.ts", import.meta.url);
    return new WorkerClient<PrepareTask, ShardRecord>(url, shared);
  });
  const timer = setInterval(report, 200);
  const stop = () => {
    waiting.length = 0;
    Atomics.store(shared, 1, 1n);
  };
  signal?.addEventListener("abort", stop);
  try {
    const runs = clients.map(async (client) => {
      for (let task; (task = waiting.shift());) records.push(await client.request(task));
    });
    try {
      await Promise.all(runs);
    } catch (error) {
      stop();
      await Promise.allSettled(runs);
      if (!signal?.aborted || error instanceof UserError) throw error;
    }
    report();
    if (records.length < totalShards) signal?.throwIfAborted();
  } finally {
    signal?.removeEventListener("abort", stop);
    clearInterval(timer);
    for (const client of clients) client.close();
  }
}

/** @throws {UserError} If the directory holds tokens of shards that the data does not have. */
async function checkNothingElse(out: string, shards: number): Promise<void> {
  for await (const { name } of Deno.readDir(out)) {
    const number = name.match(/^tokens_(?:train_|val_)?(\d{6})(?:_\d+)?\.(?:bin|json)$/)?.[1];
    if (number !== undefined && Number(number) >= shards) {
      throw new UserError(
        `${out}/${name} is of other data, of more than ${shards} shards; choose another --out`,
        "EXISTS",
      );
    }
  }
}
