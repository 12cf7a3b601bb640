import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type MixtureOptions,
  type MixturePosition,
  nextSource,
  openMixture,
} from "../../src/data/mixture.ts";
import { UsageError, UserError } from "../../src/errors.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { fullVocabulary } from "../../src/tokens/vocabulary.ts";
import type { Batch } from "../../src/tokens/batch.ts";
import { jsonl, TempDir, tokenFile } from "./fixtures.ts";

/** A source of documents of one word each, many times; the other of tokens, and short. */
async function writeSources(dir: TempDir): Promise<string[][]> {
  const text = (i: number) => `${i}${" moon".repeat(20)}`;
  const { source } = await tokenFile(dir, "b.bin", 1000, 1200);
  return [
    [await dir.write("a.jsonl", jsonl(Array.from({ length: 200 }, (_, i) => text(i))))],
    [source],
  ];
}

const OPTIONS = {
  ...{ context: 8, batch: 3, seed: 2, vocabulary: fullVocabulary(), weights: [3, 1] },
  split: "training" as const,
};

async function take(options: MixtureOptions, count: number) {
  await using stream = await openMixture(options);
  const batches: { batch: Batch; position: MixturePosition }[] = [];
  while (batches.length < count) {
    const batch = await stream.next();
    if (!batch) break;
    // As it comes back from a file.
    batches.push({ batch, position: JSON.parse(JSON.stringify(stream.position)) });
  }
  return batches;
}

/** Which source each sequence of a batch is from: tokens of the second one are from 1000 on. */
function sourcesOf({ inputs }: Batch): number[] {
  const rows = Array.from({ length: inputs.length / 8 }, (_, row) => inputs.slice(8 * row));
  const moon = encode(" moon")[0];
  return rows.map((row) => row.subarray(0, 8).includes(moon) ? 0 : 1);
}

Deno.test("the next source is the one that is the furthest behind its share", () => {
  const drawn = [0, 0, 0];
  const order = Array.from({ length: 12 }, () => {
    const source = nextSource([3, 2, 1], drawn);
    drawn[source]++;
    return source;
  });
  assertEquals(drawn, [6, 4, 2]);
  assertEquals(order.slice(0, 6), [0, 1, 0, 2, 1, 0]);
  assertEquals(order.slice(6), order.slice(0, 6));
});

Deno.test("a mixture draws in proportion, each source in passes of its own, and goes on exactly", async () => {
  await using dir = new TempDir();
  const options = { ...OPTIONS, sources: await writeSources(dir) };
  const whole = await take(options, 60);
  const drawn = whole.flatMap(({ batch }) => sourcesOf(batch));
  assertEquals(drawn.filter((source) => source === 1).length, 180 / 4);
  const { batch, position } = whole.at(-1)!;
  assertEquals(position.drawn, [135, 45]);
  const [first, second] = batch.epochs!;
  assert(first === 0 && second >= 1, `${first} ${second}`);
  for (const stop of [1, 17, 41]) {
    const rest = await take({ ...options, position: whole[stop - 1].position }, 60 - stop);
    assertEquals(rest, whole.slice(stop), `after ${stop} batches`);
  }
  // The size of batches is no matter.
  const other = await take({ ...options, batch: 5, position: whole[19].position }, 6);
  const inputs = (batches: typeof whole) => batches.flatMap(({ batch }) => [...batch.inputs]);
  assertEquals(inputs(other), inputs(whole).slice(20 * 24, 30 * 24));
});

Deno.test("validation parts are mixed until each has been read once", async () => {
  await using dir = new TempDir();
  const options = { ...OPTIONS, split: "validation" as const, sources: await writeSources(dir) };
  const batches = await take(options, 1000);
  assert(batches.length > 5 && batches.length < 1000, `${batches.length}`);
  const drawn = batches.flatMap(({ batch }) => sourcesOf(batch));
  assertEquals(drawn.filter((source) => source === 1).length, Math.round(drawn.length / 4));
});

Deno.test("what is no mixture, or another one, is told", async () => {
  await using dir = new TempDir();
  const sources = await writeSources(dir);
  await assertRejects(
    () => openMixture({ ...OPTIONS, sources, weights: [1] }),
    UsageError,
    "2 sources need as many positive weights, not 1",
  );
  const [{ position }] = await take({ ...OPTIONS, sources }, 1);
  const goOn = (changed: Partial<MixtureOptions>) =>
    openMixture({ ...OPTIONS, sources, position, ...changed });
  await assertRejects(() => goOn({ weights: [1, 1] }), UserError, "a mixture of other weights");
  await assertRejects(() => goOn({ seed: 3 }), UserError, "the data position is of seed 2");
  const damaged = { ...position, drawn: [1] };
  await assertRejects(() => goOn({ position: damaged }), UserError, "the data position is damaged");
});
