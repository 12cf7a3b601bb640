import { assertEquals } from "@std/assert";
import { collectTexts } from "../../bench/debian_text.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("debian_text: texts as they were written, in the order of their paths", async () => {
  await using directory = new TempDir();
  await Deno.mkdir(`${directory.path}/usr/share/doc`, { recursive: true });
  await directory.write("usr/share/doc/b.rst.txt", "Title\n=====\n");
  await directory.write("usr/share/doc/a.html", "<p>");
  await directory.write("usr/a.pod", "=head1 Ä\n");
  const out = `${directory.path}/out.jsonl`;
  await Deno.writeTextFile(
    out,
    "what was there before, and longer than what is written now: ".repeat(9),
  );
  assertEquals(await collectTexts(`${directory.path}/usr`, out), { documents: 2, bytes: 22 });
  const lines = (await Deno.readTextFile(out)).trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines, [{ text: "=head1 Ä\n" }, { text: "Title\n=====\n" }]);
});
