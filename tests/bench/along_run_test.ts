import { assert, assertEquals } from "@std/assert";
import { measureAlong } from "../../bench/along_run.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("along_run: a run goes on after it was measured as if it had not been", async () => {
  await using directory = new TempDir();
  const text = "a cat and a dog, and a dog and a cat\n";
  await directory.write("texts.jsonl", `${JSON.stringify({ text })}\n`.repeat(20));
  await directory.write("more.jsonl", `${JSON.stringify({ text: `not ${text}` })}\n`);
  const cell = {
    ...{ data: directory.path, vocabulary: "compact" as const, steps: 4, batch: 1 },
    ...{ layers: 1, heads: 1, width: 8, context: 8, bias: true, affine: true },
  };
  const own = async (every: number) => {
    const rows = await Array.fromAsync(measureAlong(cell, {}, every));
    // Other batches tell of these.
    return rows.map(({ "signal in a gradient": signal, "cosine of momentum": angle, ...row }) => {
      assert(Number(signal) < 1 && Math.abs(Number(angle)) < 1, "no cosine");
      return row;
    });
  };
  const [first, last] = await own(2);
  assertEquals([first.name, last.name], ["2", "4"]);
  assertEquals([last], await own(4));
});
