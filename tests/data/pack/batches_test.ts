import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { readBatches } from "../../../src/data/pack/batches.ts";
import type { BatchOptions } from "../../../src/data/order/batch.ts";
import type { Batch } from "../../../src/tokens/batch.ts";
import { isIn, type Split, validationBound } from "../../../src/data/text/split.ts";
import { encode, END_OF_TEXT } from "../../../src/tokens/tokenizer.ts";
import { compactVocabulary, fullVocabulary } from "../../../src/tokens/vocabulary.ts";
import { UserError } from "../../../src/errors.ts";
import { frame, jsonl, shardsOf, TempDir, texts } from "../fixtures.ts";

const CONTEXT = 16;
const defaults = {
  ...{ context: CONTEXT, batch: 4, seed: 1, vocabulary: fullVocabulary() },
  split: "training" as const,
};

/** The first `count` batches, or all of them. */
async function read(
  { files, ...options }: Partial<BatchOptions> & { files: string[] },
  count = Infinity,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  const shards = shardsOf(...files);
  for await (const batch of readBatches({ ...defaults, shards, ...options })) {
    if (batches.push(batch) >= count) break;
  }
  return batches;
}

/** The windows of batches, joined again, each as text. */
function windows(batches: Batch[]): string[] {
  return batches.flatMap(({ inputs, targets }) => {
    const rows: string[] = [];
    for (let at = 0; at < inputs.length; at += CONTEXT) {
      const [input, target] = [inputs, targets].map((ids) => ids.subarray(at, at + CONTEXT));
      assertEquals(input.subarray(1), target.subarray(0, -1));
      rows.push([...input, target[CONTEXT - 1]].join());
    }
    return rows;
  });
}

/** All whole windows of some tokens, each as text. */
function windowsOf(tokens: number[]): string[] {
  const rows: string[] = [];
  for (let at = 0; at + CONTEXT < tokens.length; at += CONTEXT) {
    rows.push(tokens.slice(at, at + CONTEXT + 1).join());
  }
  return rows;
}

const tokensOf = (texts: string[]) => texts.flatMap((text) => [...encode(text), END_OF_TEXT]);

/** Those of the texts that are of one part. */
async function partOf(split: Split, texts: string[]): Promise<string[]> {
  const bound = await validationBound(ReadableStream.from(texts.map((text) => ({ text }))));
  return texts.filter((text) => isIn({ split, bound }, text));
}

Deno.test("validation gives the windows of its documents in order, once", async () => {
  await using dir = new TempDir();
  const all = texts(100, 30);
  const files = [
    await dir.write("a.jsonl.zst", frame(jsonl(all.slice(0, 40)))),
    await dir.write("b.jsonl", jsonl(all.slice(40))),
  ];
  const expected = windowsOf(tokensOf(await partOf("validation", all)));
  const batches = await read({ files, split: "validation" });
  assertEquals(expected.length % 4, 2); // what fills no batch is dropped
  assertEquals(windows(batches), expected.slice(0, -2));
  assertEquals(windows(await read({ files, split: "validation", batch: 1 })), expected);
  assertEquals(batches.map(({ epoch }) => epoch), batches.map(() => 0));
});

Deno.test("a validation part of less than a batch is repeated to fill it", async () => {
  await using dir = new TempDir();
  const all = texts(40, 20);
  const files = [await dir.write("a.jsonl", jsonl(all))];
  const expected = windowsOf(tokensOf(await partOf("validation", all)));
  assertEquals(expected.length, 3);
  const batches = await read({ files, split: "validation", batch: 7 });
  assertEquals(batches.length, 1);
  assertEquals(windows(batches), [...expected, ...expected, expected[0]]);
});

/** What is predicted in batches, in ascending order. */
function targetsOf(batches: Batch[]): number[] {
  return batches.flatMap(({ targets }) => [...targets]).sort((a, b) => a - b);
}

Deno.test("each pass over the training part predicts each of its ids once, shuffled", async () => {
  await using dir = new TempDir();
  const all = texts(60, 30);
  const files = [await dir.write("a.jsonl", jsonl(all))];
  const tokens = tokensOf(await partOf("training", all));
  const inOrder = windowsOf(tokens);
  const count = inOrder.length;
  const expected = tokens.slice(1, count * CONTEXT + 1).sort((a, b) => a - b);
  const batches = await read({ files, batch: 1 }, 3 * count);
  const passes = [0, 1, 2].map((pass) => batches.slice(pass * count, (pass + 1) * count));
  passes.forEach((pass, epoch) => {
    assertEquals(targetsOf(pass), expected);
    assertEquals(new Set(pass.map((batch) => batch.epoch)), new Set([epoch]));
  });
  const seen = [inOrder, ...passes.map(windows)].map((rows) => rows.sort().join("\n"));
  assertEquals(new Set(seen).size, 4); // not the same windows in another order
  const plain = await read({ files, batch: 1, shuffle: false }, count);
  assertEquals(windows(plain), windowsOf(tokens));

  // Batches run across the ends of passes; their epoch is that of their last window.
  const larger = await read({ files, batch: 10 }, Math.floor(3 * count / 10));
  assertEquals(windows(larger), windows(batches).slice(0, 10 * larger.length));
  larger.forEach(({ epoch }, i) => assertEquals(epoch, batches[10 * i + 9].epoch));
});

Deno.test("in each pass documents have other neighbours, within a block", async () => {
  await using dir = new TempDir();
  const all = texts(400, 30);
  const files = [await dir.write("a.jsonl", jsonl(all))];
  const part = await partOf("training", all);
  const numberOf = new Map(part.map((text, number) => [encode(text).join(), number]));
  /** The numbers of the documents that a pass gives whole, in order, in blocks of one window. */
  const passOf = async (epoch: number, count: number) => {
    const options = { files, context: 2000, blockTokens: 2000, batch: 1 };
    const batches = await read(options, (epoch + 1) * count);
    return batches.slice(epoch * count).map(({ inputs }) => {
      const ends = [...inputs.keys()].filter((at) => inputs[at] === END_OF_TEXT);
      return ends.slice(1).map((end, i) => numberOf.get(inputs.slice(ends[i] + 1, end).join())!);
    });
  };
  const count = Math.floor((tokensOf(part).length - 1) / 2000);
  const [first, second] = [await passOf(0, count), await passOf(1, count)];
  assertEquals(first.length, count);
  for (const [block, numbers] of first.entries()) {
    assertEquals(numbers.length > 30, true);
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    assertEquals(high - low, numbers.length - 1); // those that follow each other in the data
    assertNotEquals(numbers, second[block]);
    assertEquals(numbers.toSorted(), second[block].toSorted());
  }
});

Deno.test("the same seed and files give the same batches", async () => {
  await using dir = new TempDir();
  const files = [await dir.write("a.jsonl", jsonl(texts(200, 30)))];
  const first = await read({ files }, 20);
  assertEquals(await read({ files }, 20), first);
  assertNotEquals(await read({ files, seed: 2 }, 20), first);
});

Deno.test("batches are in the ids of the vocabulary", async () => {
  await using dir = new TempDir();
  const files = [await dir.write("a.jsonl", jsonl(texts(50, 30)))];
  const vocabulary = compactVocabulary(texts(50, 30).flatMap(encode));
  const compact = await read({ files, vocabulary }, 5);
  const full = await read({ files }, 5);
  assertEquals(
    compact.map(({ inputs }) => Array.from(inputs, vocabulary.decode)),
    full.map(({ inputs }) => [...inputs]),
  );
});

Deno.test("a single text file is split in pieces, without <|endoftext|> between them", async () => {
  await using dir = new TempDir();
  const files = [await dir.write("a.txt", texts(1000, 10).join("\n"))]; // about 60 kB
  for (const split of ["training", "validation"] as const) {
    const batches = await read({ files, split, batch: 1 }, 100);
    const tokens = batches.flatMap(({ inputs }) => [...inputs]);
    assertEquals(tokens.includes(END_OF_TEXT), false);
  }
});

Deno.test("a part shorter than one window is an error", async () => {
  await using dir = new TempDir();
  const fails = async (content: string, split: Split, context = CONTEXT) => {
    const files = [await dir.write("a.jsonl", content)];
    const error = await assertRejects(() => read({ files, split, context }), UserError);
    assertEquals(
      error.message,
      `${files[0]}: the ${split} part is shorter than one window of ${context + 1} tokens; ` +
        "add text or choose a shorter context",
    );
  };
  await fails("\n", "training");
  await fails(jsonl(["short", "shorter"]), "training");
  await fails(jsonl(["short", "shorter"]), "validation");
  await fails(jsonl(texts(50, 30)), "training", 5000);
});

Deno.test("a single document is for training, and validation an error", async () => {
  await using dir = new TempDir();
  const [text] = texts(1, 100);
  const files = [await dir.write("a.jsonl", jsonl([text, text]))];
  const expected = windowsOf(tokensOf([text, text]));
  const batches = await read({ files, batch: 1 }, expected.length);
  assertEquals(windows(batches).sort(), expected.sort()); // two documents: one stays the first
  for (const content of [jsonl([text, text]), "\n"]) {
    await dir.write("a.jsonl", content);
    const call = () => read({ files, split: "validation" });
    await assertRejects(call, UserError, "the corpus has no two different documents");
  }
});

Deno.test("a text of one passage is for training, and validation an error", async () => {
  await using dir = new TempDir();
  const files = [await dir.write("a.txt", "the moon rises ".repeat(20))];
  assertEquals((await read({ files, batch: 1 }, 1)).length, 1);
  const call = () => read({ files, split: "validation" });
  await assertRejects(call, UserError, "the text is one passage, of up to 4,096 characters");
});

Deno.test("bad lines are errors, or are skipped and counted in the first pass only", async () => {
  await using dir = new TempDir();
  const lines = jsonl(texts(20, 30)).replaceAll("\n", "\nbad\n");
  const files = [await dir.write("a.jsonl", lines)];
  await assertRejects(() => read({ files }), UserError, `${files[0]}:2: not JSON`);
  let bad = 0;
  const batches = await read({ files, skipBad: true, onBad: () => bad++ }, 50);
  assertEquals(batches.at(-1)!.epoch! > 0, true);
  assertEquals(bad, 20);
});

Deno.test(
  "files are closed when batches are no longer wanted",
  { sanitizeOps: true, sanitizeResources: true },
  async () => {
    await using dir = new TempDir();
    const texts = Array.from({ length: 2000 }, (_, i) => `${i} `.repeat(500));
    const files = [await dir.write("a.jsonl.zst", frame(jsonl(texts)))];
    await read({ files }, 3);
    await read({ files, split: "validation" }, 3);
  },
);
