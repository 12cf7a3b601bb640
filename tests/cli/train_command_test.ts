import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "../../src/cli/arguments.ts";
import { TRAIN } from "../../src/cli/train_command.ts";
import { UsageError } from "../../src/errors.ts";

const PAGE = new URL("../../docs/train.md", import.meta.url);

/** What other programs call an option, as they write it: nanoGPT's and llm.c's have underscores. */
function written(name: string): string {
  return name.length <= 2 ? `-${name}` : `--${name.replaceAll("-", "_")}`;
}

/** What each name elsewhere is here, or why it is not. */
function namesElsewhere(): [names: string[], answer: string][] {
  const { options, absent = {} } = TRAIN;
  return [
    ...Object.entries(options).flatMap(([name, { elsewhere }]): [string[], string][] =>
      elsewhere ? [[[...elsewhere], `\`--${name}\``]] : []
    ),
    ...Object.entries(absent).map(([names, why]): [string[], string] => [names.split(", "), why]),
  ];
}

Deno.test("train: options of nanoGPT and llm.c are answered with ours, or with why there is none", () => {
  const messageOf = (...args: string[]) =>
    assertThrows(() => parseArguments(args, TRAIN), UsageError).message;
  for (const [names, answer] of namesElsewhere()) {
    for (const name of names) {
      const option = written(name);
      const expected = answer.startsWith("`")
        ? `unknown option '${option}': did you mean ${answer.slice(1, -1)}?`
        : `there is no option '${option}': ${answer}`;
      assertEquals(messageOf(option, "4"), expected);
      assertEquals(messageOf(`${option}=4`), expected);
      if (name.length <= 2) assertEquals(messageOf(`${option}4`), expected);
    }
  }
});

Deno.test("train: a name elsewhere has one answer, and is no option of ours", () => {
  const names = namesElsewhere().flatMap(([names]) => names);
  assertEquals(names.length, new Set(names).size);
  assertEquals(names.filter((name) => name in TRAIN.options), []);
});

Deno.test("train: the table of names in docs/train.md is that of the code", async () => {
  const rows = namesElsewhere().map(([names, answer]) =>
    `| ${names.map((name) => `\`${written(name).replace("--", "")}\``).join(" ")} | ${answer} |`
  );
  const [, table] = (await Deno.readTextFile(PAGE)).split(/\| there +\| here +\|/);
  const shown = table.split("\n").slice(2).map((line) => line.replaceAll(/ +/g, " "));
  assertEquals(shown.slice(0, shown.indexOf("")), rows);
});
