import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertFails, runTask } from "./helpers.ts";

Deno.test("devices lists each adapter once, and which value of --device chooses it", async () => {
  const [text, json] = await Promise.all([
    ...[runTask("devices", [], { cwd: "." }), runTask("devices", ["--json"], { cwd: "." })],
  ]);
  assertEquals([text.code, text.stderr, json.code, json.stderr], [0, "", 0, ""]);
  const found = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(
    found.flatMap(({ device }) => device).sort(),
    ["high-performance", "low-power"],
  );
  for (const { name, max_binding, max_buffer, software, memory } of found) {
    assert(text.stdout.includes(`${name}\n  --device  `));
    assert(max_binding > 2 ** 20 && max_buffer >= max_binding);
    assertEquals(memory !== undefined, software);
  }
  assertMatch(text.stdout, /^ {2}buffer {4}[\d.]+ [MG]iB at most, [\d.]+ [MG]iB in a binding$/m);
});

Deno.test("a device that is none is told of in one line", async () => {
  assertFails(
    await runTask("sample", ["--checkpoint", ".", "--device", "cuda"], { cwd: "." }),
    2,
    "--device must be one of high-performance, low-power, not 'cuda'",
  );
});
