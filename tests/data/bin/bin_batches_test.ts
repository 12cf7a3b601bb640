import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import type { BatchOptions, PositionedBatch } from "../../../src/data/order/batch.ts";
import type { Batch } from "../../../src/tokens/batch.ts";
import { readBinBatches } from "../../../src/data/bin/bin_batches.ts";
import { BinWindows } from "../../../src/data/bin/bin_windows.ts";
import { compactVocabulary, fullVocabulary } from "../../../src/tokens/vocabulary.ts";
import { UserError } from "../../../src/errors.ts";
import { TempDir, tokenFile as write } from "../fixtures.ts";

const CONTEXT = 4;

/** The first `count` batches, or all of them. */
async function read(options: Partial<BatchOptions>, count = Infinity): Promise<PositionedBatch[]> {
  const batches: PositionedBatch[] = [];
  const defaults = {
    ...{ shards: [], context: CONTEXT, batch: 1, seed: 1, vocabulary: fullVocabulary() },
    split: "training" as const,
  };
  for await (const batch of readBinBatches({ ...defaults, ...options })) {
    if (batches.push(batch) >= count) break;
  }
  return batches;
}

/** The first token of each window; checks that the rest follow it. */
function starts(batches: Batch[]): number[] {
  return batches.flatMap(({ inputs, targets }) => {
    const firsts: number[] = [];
    inputs.forEach((input, i) => {
      assertEquals(targets[i], input + 1);
      if (i % CONTEXT === 0) firsts.push(input);
      else assertEquals(input, inputs[i - 1] + 1);
    });
    return firsts;
  });
}

const range = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => first + i * CONTEXT);

const sorted = (numbers: number[]) => numbers.toSorted((a, b) => a - b);

Deno.test("each pass gives each training window once, in an order of its own", async () => {
  await using dir = new TempDir();
  const shards = [
    await write(dir, "a_train_1.bin", 0, 400),
    await write(dir, "a_train_2.bin", 400, 600),
    await write(dir, "a_val_0.bin", 1000, 1100),
  ];
  const count = 150;
  const batches = await read({ shards }, 3 * count);
  const passes = [0, 1, 2].map((pass) => batches.slice(pass * count, (pass + 1) * count));
  passes.forEach((pass, epoch) => {
    assertEquals(sorted(starts(pass)), range(count));
    assertEquals(new Set(pass.map((batch) => batch.epoch)), new Set([epoch]));
  });
  assertNotEquals(starts(passes[0]), starts(passes[1]));
  assertNotEquals(starts(await read({ shards, seed: 2 }, count)), starts(passes[0]));

  // Batches run across the ends of passes; their epoch is that of their last window.
  const larger = await read({ shards, batch: 8 }, Math.floor(3 * count / 8));
  assertEquals(starts(larger), starts(batches).slice(0, 8 * larger.length));
  larger.forEach(({ epoch }, i) => assertEquals(epoch, batches[8 * i + 7].epoch));
});

Deno.test("validation is one pass; an incomplete batch is dropped or filled", async () => {
  await using dir = new TempDir();
  const shards = [await write(dir, "train.bin", 0, 99), await write(dir, "val.bin", 1000, 1040)];
  const split = "validation" as const;
  const all = starts(await read({ shards, split }));
  assertEquals(sorted(all), range(10, 1000));
  assertEquals(starts(await read({ shards, split, batch: 3 })), all.slice(0, 9));
  const repeated = [...all, ...all.slice(0, 2)];
  assertEquals(starts(await read({ shards, split, batch: 12 })), repeated);
});

Deno.test("the first validation batches are from all of the part, and the same for any seed", async () => {
  await using dir = new TempDir();
  const shards = [
    await write(dir, "train.bin", 0, 99),
    await write(dir, "val_0.bin", 1000, 5000),
    await write(dir, "val_1.bin", 5000, 9000),
  ];
  const options = { shards, split: "validation" as const, batch: 8 };
  const first = starts(await read(options, 8));
  const tenths = new Set(first.map((start) => Math.floor((start - 1000) / 800)));
  assertEquals(tenths.size, 10); // 64 windows of 2,000: none in a tenth once in 100 choices of them
  for (const other of [{ seed: 2 }, { shuffle: false }]) {
    assertEquals(starts(await read({ ...options, ...other }, 8)), first);
  }
});

Deno.test("without a file for validation the last 1 in 20 windows are", async () => {
  await using dir = new TempDir();
  const shards = [await write(dir, "a.bin", 0, 120), await write(dir, "b.bin", 120, 164)];
  const validation = starts(await read({ shards, split: "validation" }));
  assertEquals(sorted(validation), range(3, 152)); // of 41
  assertEquals(sorted(starts(await read({ shards }, 38))), range(38));
});

Deno.test("parts shorter than one window, and files for validation only, are errors", async () => {
  await using dir = new TempDir();
  const short = await write(dir, "a.bin", 0, 3);
  const one = await write(dir, "b.bin", 0, 4);
  const val = await write(dir, "val.bin", 0, 40);
  const message = "part is shorter than one window of 5 tokens";
  for (const split of ["training", "validation"] as const) {
    await assertRejects(
      () => read({ shards: [short], split }),
      UserError,
      `the ${split} ${message}`,
    );
  }
  await assertRejects(() => read({ shards: [one] }), UserError, `the training ${message}`);
  assertThrows(() => new BinWindows([short, val], CONTEXT, "training"), UserError, "has 4");
  await assertRejects(() => read({ shards: [val] }), UserError, "is for validation by its name");
});

Deno.test("batches are in the ids of the vocabulary, and a token that it lacks is an error", async () => {
  await using dir = new TempDir();
  const shards = [await write(dir, "a.bin", 1000, 1100)];
  const vocabulary = compactVocabulary(Array.from({ length: 101 }, (_, i) => 1000 + i));
  const compact = await read({ shards, vocabulary }, 5);
  assertEquals(
    compact.map(({ inputs }) => Array.from(inputs, vocabulary.decode)),
    (await read({ shards }, 5)).map(({ inputs }) => [...inputs]),
  );
  const smaller = compactVocabulary(Array.from({ length: 99 }, (_, i) => 1000 + i));
  const inOrder = { shards, vocabulary: smaller, shuffle: false };
  assertEquals((await read(inOrder, 23)).length, 23); // the others are for validation
  await assertRejects(
    () => read({ ...inOrder, split: "validation" }),
    UserError,
    `token 1099 at byte 198 of ${shards[0].name} is not in the model's vocabulary`,
  );
});

Deno.test("--no-shuffle reads the training part in order", async () => {
  await using dir = new TempDir();
  const shards = [await write(dir, "a.bin", 0, 120), await write(dir, "val.bin", 300, 340)];
  assertEquals(starts(await read({ shards, shuffle: false }, 60)), [...range(30), ...range(30)]);
});

Deno.test("a stream continues from any position as if it had not stopped", async () => {
  await using dir = new TempDir();
  const shards = [await write(dir, "a.bin", 0, 120), await write(dir, "val.bin", 300, 340)];
  for (const options of [{}, { shuffle: false }, { split: "validation" as const }]) {
    const all = await read({ shards, batch: 3, ...options }, 25);
    for (const [i, { position }] of all.entries()) {
      const rest = await read(
        { shards, batch: 3, ...options, position: JSON.parse(JSON.stringify(position)) },
        all.length - i - 1 || 1,
      );
      assertEquals(rest.slice(0, all.length - i - 1), all.slice(i + 1));
    }
  }
});

Deno.test("a position of another stream is an error", async () => {
  await using dir = new TempDir();
  const shards = [await write(dir, "a.bin", 0, 120)];
  const [{ position }] = await read({ shards }, 1);
  await assertRejects(() => read({ shards, seed: 2, position }), UserError, "seed 1");
  const other = [await write(dir, "b.bin", 0, 120)];
  await assertRejects(() => read({ shards: other, position }), UserError, "other data files");
});

Deno.test("documents of token files cannot be left out", async () => {
  await using dir = new TempDir();
  const shards = [await write(dir, "a.bin", 0, 120)];
  for (const options of [{ lang: "en" }, { minTokens: 5 }]) {
    await assertRejects(() => read({ shards, ...options }), UserError, "cannot be left out");
  }
});
