import { assertEquals, assertRejects } from "@std/assert";
import { readReport, slug } from "../../bench/report.ts";
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
    const report = { adapter: "A", results: { kernels: [{ name: "a", ms: 1 }] } };
    await Deno.writeTextFile(path, JSON.stringify(report));
    assertEquals<unknown>(await readReport(path), report);
  } finally {
    await Deno.remove(path);
  }
  await assertRejects(() => readReport(path), UserError, "cannot read");
});
