import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { readBatches } from "../../src/data/pack/batches.ts";
import type { BatchOptions, PositionedBatch } from "../../src/data/order/batch.ts";
import type { StreamPosition } from "../../src/data/order/position.ts";
import { findShards } from "../../src/data/files/sources.ts";
import { openTokenStream } from "../../src/data/token_stream.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary, fullVocabulary } from "../../src/tokens/vocabulary.ts";
import { UserError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { frame, TempDir, texts } from "./fixtures.ts";
import { parquetFile } from "./parquet/files.ts";

const defaults = {
  ...{ context: 16, batch: 6, seed: 3, vocabulary: fullVocabulary() },
  ...{ split: "training" as const, blockTokens: 500, skipBad: true },
};

/** A corpus of every kind: long and short documents, languages, bad lines, plain text. */
async function writeCorpus(dir: TempDir): Promise<string[]> {
  const random = new Random(5);
  const lines = (seed: number) =>
    texts(40, 1, seed).map((text, i) => {
      const { length } = encode(text);
      const long = texts(1, random.below(i % 10 === 0 ? 2000 : 40), seed + i)[0];
      const lang = ["en", "de", undefined][random.below(3)];
      return JSON.stringify({ text: text + long.slice(length), meta: { lang } });
    }).join("\nbad\n\n") + "\n";
  return [
    await dir.write("a.jsonl.zst", frame(lines(100))),
    await dir.write("b.txt", texts(200, 20, 7).join("\n")), // 5 pieces
    await dir.write("c.jsonl", lines(200)),
    await dir.write("d.txt", "A short text in one piece."),
    await dir.write("e.jsonl.zst", frame(lines(300))),
    await dir.write("f.parquet", await Deno.readFile(parquetFile("pyarrow_v2_zstd"))),
  ];
}

async function* batchesOf(data: string[], options: Partial<BatchOptions>) {
  yield* readBatches({ ...defaults, shards: await findShards(data), ...options });
}

async function take(batches: AsyncIterable<PositionedBatch>, count: number) {
  const taken: PositionedBatch[] = [];
  for await (const batch of batches) if (taken.push(batch) === count) break;
  return taken;
}

/** A position as it comes back from a file. */
const saved = ({ position }: PositionedBatch): StreamPosition =>
  JSON.parse(JSON.stringify(position));

const SETTINGS: Record<string, Partial<BatchOptions>> = {
  "shuffled": {},
  "in order": { shuffle: false },
  "with filters": { lang: "en", minTokens: 12 },
  "in a compact vocabulary": { batch: 24, vocabulary: compactVocabulary(encode(" moon and")) },
  "with tokenizers in workers": { workers: 2, minTokens: 12 },
  "of validation": { split: "validation" },
};

for (const [name, options] of Object.entries(SETTINGS)) {
  Deno.test(`a stream ${name} goes on from any position as if it had not stopped`, async () => {
    await using dir = new TempDir();
    const data = await writeCorpus(dir);
    const whole = await take(batchesOf(data, options), 500);
    if (options.split === undefined) {
      assertEquals(whole.length, 500);
      assert(whole.at(-1)!.epoch > 1, `${whole.at(-1)!.epoch}`);
    }
    const random = new Random(11);
    for (let i = 0; i < 15; i++) {
      const stop = 1 + random.below(whole.length);
      const position = saved(whole[stop - 1]);
      // The number of workers may change.
      const changed = { ...options, position, workers: i % 10 === 0 ? 2 : 1 };
      const count = Math.min(whole.length - stop, 60);
      const rest = count > 0 ? await take(batchesOf(data, changed), count) : [];
      assertEquals(rest, whole.slice(stop, stop + count), `after ${stop} batches`);
    }
  });
}

Deno.test("a validation stream that has ended stays so", async () => {
  await using dir = new TempDir();
  const data = await writeCorpus(dir);
  for (const batch of [1, 6, 1000]) {
    const options = { split: "validation" as const, batch };
    const whole = await take(batchesOf(data, options), Infinity);
    assert(whole.length > 0);
    const rest = batchesOf(data, { ...options, position: saved(whole.at(-1)!) });
    assertEquals(await take(rest, Infinity), []);
  }
});

Deno.test("the batch size may change on the way", async () => {
  await using dir = new TempDir();
  const data = await writeCorpus(dir);
  const whole = await take(batchesOf(data, { batch: 1 }), 60);
  const [first] = await take(batchesOf(data, { batch: 20 }), 1);
  const rest = await take(batchesOf(data, { batch: 8, position: saved(first) }), 5);
  assertEquals(
    rest.flatMap(({ inputs }) => [...inputs]),
    whole.slice(20).flatMap(({ inputs }) => [...inputs]),
  );
});

Deno.test("shards come in another order in each pass, and in order without shuffling", async () => {
  await using dir = new TempDir();
  const data: string[] = [];
  for (let i = 0; i < 5; i++) {
    const text = JSON.stringify(`${String.fromCharCode(65 + i)} `.repeat(50));
    data.push(await dir.write(`${i}.jsonl`, text + "\n"));
  }
  const names = "ABCDE".split("").map((name) => encode(` ${name}`)[0]);
  /** The shards in the order in which a pass of 2 or 3 sequences each comes to them. */
  const passes = async (options: Partial<BatchOptions>) => {
    const order: string[][] = [];
    const small = { batch: 1, blockTokens: 16, ...options };
    for (const { inputs, epoch } of await take(batchesOf(data, small), 90)) {
      const at = names.indexOf(inputs.at(-1)!);
      if (at >= 0 && order[epoch]?.at(-1) !== `${at}`) (order[epoch] ??= []).push(`${at}`);
    }
    return order.slice(0, -1).map((pass) => [...new Set(pass)].join(""));
  };
  const shuffled = await passes({});
  assert(shuffled.length > 3);
  // A document of two is for validation here at most.
  for (const pass of shuffled) assert(pass.length >= 4, pass);
  assertNotEquals(shuffled[0], shuffled[1]);
  assertNotEquals(await passes({ seed: 4 }), shuffled);
  for (const pass of await passes({ shuffle: false })) {
    assertEquals(pass, pass.split("").sort().join(""));
  }
});

Deno.test("shards before the position are not opened", async () => {
  await using dir = new TempDir();
  const data = await writeCorpus(dir);
  const whole = await take(batchesOf(data, { shuffle: false }), 300);
  const at = whole.findIndex(({ position }) => position.shard === 4);
  assert(at > 0);
  const shards = await findShards(data);
  for (const file of data.slice(0, 4)) await Deno.remove(file);
  const rest = readBatches({ ...defaults, shuffle: false, shards, position: saved(whole[at]) });
  assertEquals(await take(rest, 3), whole.slice(at + 1, at + 4));
});

Deno.test("a position of something else is an error", async () => {
  await using dir = new TempDir();
  const data = await writeCorpus(dir);
  const [batch] = await take(batchesOf(data, {}), 1);
  const fails = async (change: Partial<BatchOptions>, message: string, files = data) => {
    const options = { position: saved(batch), ...change };
    const error = await assertRejects(() => take(batchesOf(files, options), 1), UserError);
    assertEquals(error.message.split(":")[0], message);
  };
  await fails({ seed: 4 }, "the data position is of seed 3");
  await fails({ context: 8 }, "the data position is of context 16");
  await fails({ split: "validation" }, "the data position is of the training part");
  await fails({ shuffle: false }, "the data position is of shuffled data");
  await fails({ lang: "en" }, "the data position is of documents of all languages");
  await fails({ minTokens: 5 }, "the data position is of documents of at least 0 tokens");
  const vocabulary = compactVocabulary([]);
  await fails({ vocabulary }, "the data position is of another vocabulary");
  await fails({}, "the data position is of other data files", data.slice(1));
  await dir.write("d.txt", "A text of another size.");
  await fails({}, "the data position is of other data files");
  await dir.write("d.txt", "A short text in one piece.");
  const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000)); // too deep to print or to send
  const { of } = saved(batch);
  const changes = [{ token: -1 }, { shard: 0.5 }, { of: undefined }, { epoch: "1" }, { of: deep }];
  for (const change of [...changes, { of: { ...of, seed: deep } }, { of: { ...of, lang: deep } }]) {
    const position = { ...saved(batch), ...change } as StreamPosition;
    await fails({ position }, "the data position is damaged");
    await assertRejects(
      () => openTokenStream({ ...defaults, data, position }),
      UserError,
      "the data position is damaged",
    );
  }
  const more = { ...saved(batch), other: deep };
  await using stream = await openTokenStream({ ...defaults, data, position: more });
  assertEquals(stream.position, more);
  const position = { ...saved(batch), line: 10_000 };
  await fails({ position }, "the data has changed");
});

Deno.test("a token stream's position is that of the batches given, not of those read", async () => {
  await using dir = new TempDir();
  const data = await writeCorpus(dir);
  const { context, batch, seed, vocabulary, split } = defaults;
  const options = { data, context, batch, seed, vocabulary, split, skipBad: true };
  await using stream = await openTokenStream(options);
  for (let i = 0; i < 7; i++) await stream.next();
  const position = structuredClone(stream.position);
  await using resumed = await openTokenStream({ ...options, position, workers: 2 });
  assertEquals(resumed.position, position);
  for (let i = 0; i < 20; i++) {
    assertEquals(await resumed.next(), await stream.next());
    assertEquals(resumed.position, stream.position);
  }
  await assertRejects(
    () => openTokenStream({ ...options, position, seed: 9 }),
    UserError,
    "the data position is of seed 3: continue with the same, or start anew",
  );
});
