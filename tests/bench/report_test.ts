import { assertEquals, assertRejects } from "@std/assert";
import { readReport, type Report, reportJson, slug } from "../../bench/report.ts";
import { UserError } from "../../src/errors.ts";

Deno.test("slug: an adapter's name as a file name", () => {
  assertEquals(slug("llvmpipe (LLVM 15.0.6, 256 bits)"), "llvmpipe-llvm-15-0-6-256-bits");
  assertEquals(slug("../NVIDIA H100"), "nvidia-h100");
});

Deno.test("readReport: what is no report is refused, and the file named", async () => {
  const path = await Deno.makeTempFile();
  try {
    const cases = [
      ["{", "not JSON"],
      ["null", "not the results"],
      ['{"results": {}}', "not the results"],
      ['{"adapter": "A", "results": {"kernels": {}}}', 'no results in "kernels"'],
      ['{"adapter": "A", "results": {"kernels": [{}]}}', 'no results in "kernels"'],
    ];
    for (const [text, message] of cases) {
      await Deno.writeTextFile(path, text);
      const error = await assertRejects(() => readReport(path), UserError, message);
      assertEquals(error.message.startsWith(`${path}: `), true);
    }
    const report = (ms: number): Report => ({
      ...{ adapter: "A", processors: 2, deno: "2.9.6", date: "2026-01-31" },
      results: { kernels: [{ name: "a", ms }] },
    });
    await Deno.writeTextFile(path, reportJson(report(1234.56789)));
    assertEquals(await readReport(path), report(1234.57));
  } finally {
    await Deno.remove(path);
  }
  await assertRejects(() => readReport(path), UserError, "cannot read");
});
