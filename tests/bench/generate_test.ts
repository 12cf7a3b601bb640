import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { generate } from "../../bench/generate.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

Deno.test("tables and charts are what deno task bench --readme would write", async () => {
  const files = await generate();
  for (const page of ["README.md", "bench/README.md", "bench/results/compare/compare.md"]) {
    assertEquals(files.has(`${ROOT}${page}`), true, page);
  }
  for (const [path, text] of files) {
    assertEquals(await Deno.readTextFile(path) === text, true, `deno task bench --readme: ${path}`);
  }
});
