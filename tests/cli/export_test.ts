import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertFails, corpusDirectory, runTask, TINY } from "./helpers.ts";

Deno.test("export of a checkpoint", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const trained = await runTask("train", [
    ...["--data", "corpus.jsonl", "--out", "run", ...TINY, "--steps", "20", "--quiet"],
  ], { cwd });
  assertEquals(trained.code, 0, trained.stderr);
  const run = (...args: string[]) => runTask("export", ["--checkpoint", "run", ...args], { cwd });

  const half = await run("--format", "f16", "--out", "half");
  assertEquals([half.code, half.stderr], [0, ""]);
  assertMatch(half.stdout, /^Wrote half\.\nThe 4\d,\d{3} tokens that the model does not know have/);
  const losses = await Promise.all(["run", "half"].map(async (checkpoint) => {
    const args = ["--checkpoint", checkpoint, "--data", "corpus.jsonl", "--json"];
    const { stdout, stderr } = await runTask("eval", args, { cwd });
    assertEquals(stderr, "");
    return JSON.parse(stdout);
  }));
  assertEquals(losses[0].tokens, losses[1].tokens);
  assertEquals(losses[0].loss.toFixed(2), losses[1].loss.toFixed(2));

  const llmc = await run("--format", "llmc", "--out", "model.bin", "--json");
  assertEquals([llmc.code, llmc.stderr], [0, ""]);
  const { out, format, unseen } = JSON.parse(llmc.stdout);
  assertEquals([out, format, unseen > 40_000], ["model.bin", "llmc", true]);
  const { buffer } = await Deno.readFile(`${cwd}/model.bin`);
  assertEquals([...new Int32Array(buffer, 0, 8)], [20240326, 3, 16, 50257, 1, 2, 16, 50304]);

  const gguf = await run("--format", "gguf", "--out", "model.gguf");
  assertEquals([gguf.code, gguf.stderr], [0, ""]);
  const begin = (await Deno.readFile(`${cwd}/model.gguf`)).subarray(0, 4);
  assertEquals(new TextDecoder().decode(begin), "GGUF");

  assertFails(
    await run("--format", "f16", "--out", "half"),
    1,
    "half exists already: choose another --out",
  );
});

Deno.test("a wrong call of export is told in one line", async () => {
  const wrong: [string, 1 | 2, string][] = [
    ["--format f16 --out a", 2, "--checkpoint DIR is needed"],
    ["--checkpoint a --out b", 2, "--format is needed: one of f32, f16, llmc, gguf, gguf-f16"],
    [
      "--checkpoint a --format f8 --out b",
      2,
      "--format must be one of f32, f16, llmc, gguf, gguf-f16, not 'f8'",
    ],
    ["--checkpoint a --format f16", 2, "--out PATH is needed"],
    [
      ...["--checkpoint ./no --format f16 --out b", 1] as const,
      "no directory ./no: name a checkpoint's, or owner/name of a model on the Hugging Face Hub",
    ],
  ];
  await Promise.all(wrong.map(async ([args, code, message]) => {
    assertFails(await runTask("export", args.split(" "), { cwd: "." }), code, message);
  }));
});

Deno.test("export explains itself", async () => {
  const { stdout, stderr, code } = await runTask("export", ["--help"], { cwd: "." });
  assertStringIncludes(stdout, "\n  --format NAME ");
  assertEquals([code, stderr], [0, ""]);
});
