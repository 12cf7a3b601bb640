import { assertEquals, assertRejects } from "@std/assert";
import {
  Agd,
  collectVocabulary,
  DivergedError,
  type ErrorCode,
  exportCheckpoint,
  findShards,
  fullVocabulary,
  Gpt2,
  Gpu,
  loadCheckpoint,
  openRun,
  openTokenStream,
  trainToDirectory,
  UsageError,
  UserError,
} from "../mod.ts";
import { FileServer } from "./data/file_server.ts";
import { jsonl, TempDir, texts } from "./data/fixtures.ts";

Deno.test("errors: each class has its code", () => {
  assertEquals(new UserError("text").code, "OTHER");
  assertEquals(new UserError("text", "DATA").code, "DATA");
  assertEquals(new UsageError("text").code, "USAGE");
  assertEquals(new DivergedError("text").code, "DIVERGED");
});

Deno.test("errors: a program tells cases apart by their codes", async (t) => {
  await using directory = new TempDir();
  const { path } = directory;
  await using server = new FileServer(() => ({ status: 404 }));
  const corpus = await directory.write("corpus.jsonl", jsonl(texts(60, 40)));
  const broken = await directory.write("broken.jsonl", '{"text": "whole"}\n{"text": "bro\n');
  await directory.write("damaged/config.json", "{");
  using gpu = await Gpu.open();
  const { vocabulary } = await collectVocabulary([corpus]);
  const shape = { layers: 1, heads: 2, width: 16, context: 16 };
  using model = await Gpt2.create(gpu, shape, { vocabulary, seed: 1 });
  const run = (out: string) =>
    trainToDirectory(model, {
      ...{ data: [corpus], out, batch: 2, optimizer: (target) => new Agd(target), steps: 1 },
      ...{ seed: 1, evalEvery: 1, evalBatches: 0, sampleEvery: 0, sampleTokens: 0 },
    });
  const base = `${path}/base`;
  await run(base);
  const stream = { context: 16, batch: 2, seed: 1, vocabulary: fullVocabulary() } as const;
  const firstBatch = async () => {
    await using batches = await openTokenStream({ ...stream, data: [broken], split: "training" });
    await batches.next();
  };

  const openTwice = async () => {
    using _held = await openRun(base);
    await openRun(base);
  };

  const cases: [ErrorCode, string, () => Promise<unknown>][] = [
    ["USAGE", "heads and width", () => Gpt2.create(gpu, { ...shape, heads: 3 }, { vocabulary })],
    ["NOT_FOUND", "no file", () => findShards([`${path}/none.txt`])],
    ["NOT_FOUND", "no match", () => findShards([`${path}/*.txt`])],
    ["NOT_FOUND", "no page", () => findShards([`${server.url}/none.txt`])],
    ["NOT_FOUND", "no checkpoint", () => loadCheckpoint(gpu, `${path}/none`)],
    ["NOT_FOUND", "no run", () => openRun(`${path}/none`)],
    ["EXISTS", "a file", () => exportCheckpoint(base, corpus, "llmc")],
    ["EXISTS", "a run", () => run(base)],
    ["LOCKED", "a run", openTwice],
    ["DATA", "a broken line", () => collectVocabulary([broken])],
    ["DATA", "a broken line, read by a worker", firstBatch],
    ["CHECKPOINT", "a damaged file", () => loadCheckpoint(gpu, `${path}/damaged`)],
    ["OUT_OF_MEMORY", "a tensor", () => Promise.try(() => gpu.tensor("huge", [2 ** 50]))],
  ];
  for (const [code, what, action] of cases) {
    await t.step(`${code}: ${what}`, async () => {
      const error = await assertRejects(action, UserError);
      assertEquals(error.code, code, error.message);
    });
  }
});
