import { assertEquals } from "@std/assert";
import { jsonl, TempDir } from "../data/fixtures.ts";
import { runTask } from "./helpers.ts";

Deno.test("a line of 32 MB takes little more memory than its text", async () => {
  await using dir = new TempDir();
  await dir.write("a.jsonl", jsonl(["a ".repeat(2 ** 24)]));
  // JavaScript's own memory; tokens as an array of numbers would take 128 MiB of it.
  const options = { cwd: dir.path, env: { DENO_V8_FLAGS: "--max-old-space-size=120" } };
  const args = ["--data", "a.jsonl"];
  const inspected = await runTask("inspect", [...args, "--json", "--documents", "0"], options);
  assertEquals(inspected.stderr, "");
  const { tokens } = JSON.parse(inspected.stdout);
  const prepared = await runTask("prepare", [...args, "--json", "--out", "out"], options);
  assertEquals(prepared.stderr, "");
  const { trainingTokens } = JSON.parse(prepared.stdout.trim().split("\n").at(-1)!);
  assertEquals([tokens, trainingTokens], [2 ** 24 + 2, 2 ** 24 + 2]);
});
