import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";

const MAIN = fromFileUrl(new URL("../../bench/main.ts", import.meta.url));

async function bench(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("bench: wrong calls are told in one line", async () => {
  const unknown = await bench("--only", "kernels,speed");
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, "'speed'");
  const both = await bench("--table", "old.json", "--save");
  assertEquals(both.code, 2);
  assertEquals(both.stderr, "error: --table measures nothing: leave out --save\n");
  const measuring = await bench("--readme", "--only", "steps");
  assertEquals(measuring.code, 2);
  assertEquals(measuring.stderr, "error: --readme measures nothing: leave out --only\n");
});

Deno.test("bench: --table prints a former result, --compare refuses another adapter's", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const results = {
      steps: [{ name: "tiny", "tokens/s": 15 }],
      data: [{ name: "packing", "MB/s": 9 }],
    };
    const machine = { adapter: "an adapter", processors: 4, deno: "2.9.6", date: "2026-01-31" };
    await Deno.writeTextFile(path, JSON.stringify({ ...machine, results }));
    assertEquals(
      (await bench("--table", path, "--only", "steps,kernels")).stdout,
      "On an adapter, 4 processors, Deno 2.9.6, 2026-01-31:\n\n" +
        "|      | tokens/s |\n| ---- | -------: |\n| tiny |       15 |\n",
    );
    const { code, stderr } = await bench("--compare", path, "--only", "data");
    assertEquals(code, 1);
    assertStringIncludes(stderr, 'was measured on "an adapter"');
    assertStringIncludes(stderr, "not comparable");
  } finally {
    await Deno.remove(path);
  }
});
