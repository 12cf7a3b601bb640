import { assert, assertEquals, assertRejects } from "@std/assert";
import { readBatches } from "../../src/data/pack/batches.ts";
import { findShards } from "../../src/data/files/sources.ts";
import {
  collectVocabulary,
  openTokenStream,
  type TokenStreamOptions,
} from "../../src/data/token_stream.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary, fullVocabulary } from "../../src/tokens/vocabulary.ts";
import { UsageError, UserError } from "../../src/errors.ts";
import { frame, jsonl, TempDir, texts } from "./fixtures.ts";

const sanitize = { sanitizeOps: true, sanitizeResources: true };

function optionsFor(file: string): TokenStreamOptions & { split: "training" } {
  const vocabulary = compactVocabulary(texts(50, 30).flatMap(encode));
  return { data: [file], context: 16, batch: 4, split: "training", vocabulary, seed: 1 };
}

Deno.test("a token stream gives what readBatches gives", sanitize, async () => {
  await using dir = new TempDir();
  const file = await dir.write("a.jsonl.zst", frame(jsonl(texts(100, 30))));
  const options = optionsFor(file);
  await using stream = await openTokenStream(options);
  let count = 0;
  assertEquals(stream.position, undefined);
  for await (
    const { position, ...batch } of readBatches({ ...options, shards: await findShards([file]) })
  ) {
    assertEquals(await stream.next(), batch);
    assertEquals(stream.position, position);
    if (++count === 100) break;
  }
  assertEquals(count, 100);
  assertEquals(stream.skipped, 0);
  assert(stream.waitedMs >= 0);
});

Deno.test("a validation stream ends", sanitize, async () => {
  await using dir = new TempDir();
  const file = await dir.write("a.jsonl", jsonl(texts(300, 30)));
  const options = { ...optionsFor(file), split: "validation" as const };
  const all = await Array.fromAsync(readBatches({ ...options, shards: await findShards([file]) }));
  const expected = all.map(({ position: _, ...batch }) => batch);
  assert(expected.length > 2);
  assertEquals(await Array.fromAsync(await openTokenStream(options)), expected);

  await using stream = await openTokenStream(options);
  for (const batch of expected) assertEquals(await stream.next(), batch);
  assertEquals(await stream.next(), undefined);
  assertEquals(await stream.next(), undefined);
});

Deno.test("a token stream counts what it skips and the time it is waited for", async () => {
  await using dir = new TempDir();
  const lines = jsonl(texts(20, 30)).replaceAll("\n", "\nbad\n");
  const options = optionsFor(await dir.write("a.jsonl", lines));
  await using stream = await openTokenStream({ ...options, skipBad: true });
  for (let i = 0; i < 50; i++) await stream.next();
  assertEquals(stream.skipped, 20);
  assert(stream.waitedMs > 0);
});

Deno.test("errors come over from the worker as they are", sanitize, async () => {
  await using dir = new TempDir();
  const fails = async (change: Partial<TokenStreamOptions>, message: string) => {
    const error = await assertRejects(
      () => openTokenStream({ ...optionsFor(file), ...change }),
      UserError,
    );
    assertEquals(error.message, message);
  };
  const file = await dir.write("a.jsonl", "bad\n");
  const none = `${dir.path}/none.txt`;
  await fails({ data: [none] }, `no such file or directory: ${none}`);
  await fails(
    {},
    `${file}:1: not JSON (the line begins at byte 0); skip such lines with --skip-bad`,
  );
  await fails(
    { skipBad: true },
    `${file}: the training part is shorter than one window of 17 tokens; ` +
      "add text or choose a shorter context",
  );
  await assertRejects(
    () => openTokenStream({ ...optionsFor(file), context: 0 }),
    UsageError,
    "context must be a positive integer, not 0",
  );
  await assertRejects(() => openTokenStream({ ...optionsFor(file), batch: 1.5 }), UsageError);
});

Deno.test("an error comes when its turn has come, and then for ever", sanitize, async () => {
  await using dir = new TempDir();
  const documents = Array.from({ length: 3000 }, (_, i) => `document ${i} `.repeat(20));
  const file = await dir.write("a.jsonl", jsonl(documents) + "bad\n");
  await using stream = await openTokenStream({ ...optionsFor(file), batch: 64, shuffle: false });
  const failure = async () => {
    while (true) await stream.next();
  };
  const message = `${file}:3001: not JSON`;
  await assertRejects(failure, UserError, message);
  await assertRejects(failure, UserError, message);
});

Deno.test("closing a stream early ends it at once", sanitize, async () => {
  await using dir = new TempDir();
  const file = await dir.write("a.jsonl", jsonl(texts(100, 30)));
  const stream = await openTokenStream(optionsFor(file));
  await stream.next();
  const pending = [1, 2, 3, 4, 5, 6].map(() => stream.next().catch((error: Error) => error));
  await stream.close();
  const last = (await Promise.all(pending)).at(-1);
  assert(last instanceof Error && last.message === "the data worker is closed");
  await assertRejects(() => stream.next(), Error, "the data worker is closed");
  await stream.close();

  for await (const _ of await openTokenStream(optionsFor(file))) break;
});

Deno.test("a process ends once its streams are closed, as importing leaves nothing behind", async () => {
  await using dir = new TempDir();
  const file = await dir.write("a.jsonl", jsonl(texts(100, 30)));
  const source = new URL("../../src/data/", import.meta.url);
  const script = await dir.write(
    "script.ts",
    `import { collectVocabulary, openTokenStream } from "${source}token_stream.ts";
    const data = ["${file}"];
    const { vocabulary } = await collectVocabulary(data);
    await using stream = await openTokenStream({
      data, vocabulary, context: 16, batch: 4, split: "training", seed: 1,
    });
    console.log((await stream.next()).inputs.length);`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-read", "--config", config, script],
    signal: AbortSignal.timeout(20_000),
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(new TextDecoder().decode(stdout), "64\n");
  assertEquals(code, 0);
});

Deno.test("collectVocabulary finds the vocabulary of a corpus", sanitize, async () => {
  await using dir = new TempDir();
  await dir.write("a.jsonl", jsonl(["one two", "two three"]));
  await dir.write("b.jsonl", "bad\n");
  const expected = compactVocabulary(["one two", "two three"].flatMap(encode));
  const { vocabulary, ...count } = await collectVocabulary([dir.path], { skipBad: true });
  assertEquals(count, { documentCount: 2, tokenCount: 6, skipped: 1 });
  assertEquals(vocabulary.tokens, expected.tokens);
  assertEquals(vocabulary.size < fullVocabulary().size, true);
  await assertRejects(() => collectVocabulary([dir.path]), UserError, "not JSON");
});
