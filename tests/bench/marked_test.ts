import { assertEquals, assertThrows } from "@std/assert";
import { fillTables } from "../../bench/marked.ts";
import { UserError } from "../../src/errors.ts";

const TABLES = new Map([["a", "| 1 |"], ["b", "| $& |"]]);
const fill = (text: string) => fillTables(text, "page.md", (name) => TABLES.get(name));

Deno.test("fillTables: marked tables are replaced, and nothing else", () => {
  const page = (a: string, b: string) =>
    `# Page\n\n<!-- table: a -->\n${a}<!-- end of table -->\n\nText.\n\n` +
    `<!-- table: b -->\n${b}<!-- end of table -->\n\n| mine |\n`;
  const filled = page("\n| 1 |\n\n", "\n| $& |\n\n");
  assertEquals(fill(page("", "\n| old |\n\n| older |\n\n")), filled);
  assertEquals(fill(filled), filled);
  assertEquals(fill("no tables\n"), "no tables\n");
});

Deno.test("fillTables: wrong marks are told of", () => {
  assertThrows(
    () => fill("<!-- table: c -->\n<!-- end of table -->\n"),
    UserError,
    "page.md: there is no table 'c'",
  );
  for (
    const text of [
      "<!-- table: a -->\n",
      "<!-- table: a -->\n\n" + fill("<!-- table: b -->\n<!-- end of table -->"),
    ]
  ) {
    assertThrows(
      () => fill(text),
      UserError,
      "page.md: a table has no '<!-- end of table -->'",
    );
  }
});
