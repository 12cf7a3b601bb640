import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { appendSample, copySamples, parseSample, removeSamples } from "../../src/run/sample_log.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("samples are kept up to the step that a run goes on from", async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const read = (name: string) =>
    Deno.readTextFileSync(`${path}/${name}`).split("\n").slice(0, -1).map(parseSample);
  const samples = [2, 4, 6].map((step) => ({ step, text: `line\n${step} "ü"` }));
  for (const sample of samples) await appendSample(path, sample);
  assertEquals(read("samples.jsonl"), samples);
  await Deno.writeTextFile(`${path}/samples.jsonl`, '{"step":8,"te', { append: true });
  await Deno.mkdir(`${path}/other`);
  await copySamples(path, `${path}/other`, 4);
  assertEquals(read("other/samples.jsonl"), samples.slice(0, 2));
  await copySamples(path, path, 2);
  assertEquals(read("samples.jsonl"), samples.slice(0, 1));
  await removeSamples(path);
  await removeSamples(path);
  await copySamples(path, path, 2);
  await assertRejects(() => Deno.stat(`${path}/samples.jsonl`), Deno.errors.NotFound);

  await Deno.symlink(`${path}/other/samples.jsonl`, `${path}/samples.jsonl`);
  await assertRejects(() => appendSample(path, samples[2]), UserError, "is a link");
  assertEquals(read("other/samples.jsonl"), samples.slice(0, 2));
});

Deno.test("what is no sample is none", () => {
  for (const line of ["", "{", "null", "[]", '{"step":1}', '{"step":"1","text":""}']) {
    assertEquals(parseSample(line), undefined);
  }
});
