import { assertEquals } from "@std/assert";
import { markdownTable, type Result, textTable } from "../../bench/result.ts";

const RESULTS: Result[] = [
  { name: "first", ms: 0.123456, "GFLOP/s": 12345.6 },
  { name: "second, longer", ms: 99.96, "GB/s": 0 },
  { name: "third", skipped: "it does not fit" },
];

Deno.test("textTable: names to the left, numbers to the right, then what was skipped", () => {
  assertEquals(
    textTable(RESULTS),
    [
      "                   ms  GFLOP/s  GB/s",
      "first           0.123   12,346",
      "second, longer    100              0",
      "third: skipped, it does not fit",
    ].join("\n"),
  );
});

Deno.test("markdownTable: as deno fmt would have it", async () => {
  const table = markdownTable(RESULTS);
  assertEquals(
    table,
    [
      "|                |    ms | GFLOP/s | GB/s |",
      "| -------------- | ----: | ------: | ---: |",
      "| first          | 0.123 |  12,346 |      |",
      "| second, longer |   100 |         |    0 |",
      "",
      "- third: skipped, it does not fit",
    ].join("\n"),
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext=md", "--line-width=100", "-"],
    ...{ stdin: "piped", stdout: "piped" },
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(table + "\n"));
  await input.close();
  assertEquals(new TextDecoder().decode((await child.output()).stdout), table + "\n");
});

Deno.test("tables without results", () => {
  assertEquals(textTable([{ name: "a", skipped: "why" }]), "\na: skipped, why");
});
