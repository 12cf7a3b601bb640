import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const TERMINAL = new URL("../../src/cli/terminal.ts", import.meta.url);
const MAIN = new URL("../../src/cli/main.ts", import.meta.url);

/** A command that prints two lines, and writes a file when all is done. */
const PROGRAM = `
import { main } from "${MAIN}";
import { printLine, writeText } from "${TERMINAL}";
await main({ name: "test", summary: "", options: {}, examples: [] }, async () => {
  printLine("one");
  writeText("two\\n");
  await Deno.writeTextFile("done", "");
});
`;

Deno.test({
  name: "output that cannot be written is told of once, fails, and stops nothing",
  ignore: Deno.build.os !== "linux", // no /dev/full
  fn: async () => {
    const cwd = await Deno.makeTempDir();
    try {
      const run = async (output: string) => {
        const { code, stdout, stderr } = await new Deno.Command("sh", {
          args: ["-c", `"$0" run -A --config "$1" program.ts ${output}`, Deno.execPath(), CONFIG],
          ...{ cwd, env: { NO_COLOR: "1" }, stdin: "null" },
        }).output();
        await Deno.remove(`${cwd}/done`);
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return [code, text(stdout), text(stderr)];
      };
      await Deno.writeTextFile(`${cwd}/program.ts`, PROGRAM);
      assertEquals(await run(""), [0, "one\ntwo\n", ""]);
      const told = "standard output: cannot write: No space left on device\n";
      assertEquals(await run(">/dev/full"), [1, "", told]);
      assertEquals(await run(">/dev/full 2>/dev/full"), [1, "", ""]);
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  },
});

/** A command that tells of names that would set a terminal's title and colours. */
const HOSTILE = `
import { UserError } from "${new URL("../../src/errors.ts", import.meta.url)}";
import { main } from "${MAIN}";
import { printJson, printLine } from "${TERMINAL}";
await main({ name: "test", summary: "", options: {}, examples: [] }, () => {
  printLine("\\x1b]0;title\\x07");
  printJson({ name: "\\x9b31m\\x7f" });
  throw new UserError("\\x1b[31mred: no such file");
});
`;

Deno.test("what is printed cannot control the terminal, and JSON stays what it is", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${cwd}/program.ts`, HOSTILE);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--config", CONFIG, "program.ts"],
      ...{ cwd, env: { NO_COLOR: "1" }, stdin: "null" },
    }).output();
    const [line, json] = new TextDecoder().decode(stdout).split("\n");
    assertEquals(line, "\uFFFD]0;title\uFFFD");
    assertEquals(json, '{"name":"\\u009b31m\\u007f"}');
    assertEquals(new TextDecoder().decode(stderr), "error: \uFFFD[31mred: no such file\n");
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

/** A command that fails, and whose clean-up fails too. */
const UNCLEAN = `
import { UserError } from "${new URL("../../src/errors.ts", import.meta.url)}";
import { main } from "${MAIN}";
await main({ name: "test", summary: "", options: {}, examples: [] }, () => {
  using _ = { [Symbol.dispose]: () => { throw new Error("cannot close"); } };
  throw new UserError("a.txt: cannot write: Input/output error");
});
`;

Deno.test("what went wrong first is told, also where cleaning up fails", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${cwd}/program.ts`, UNCLEAN);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--config", CONFIG, "program.ts"],
      ...{ cwd, env: { NO_COLOR: "1" }, stdin: "null" },
    }).output();
    assertEquals(
      new TextDecoder().decode(stderr),
      "error: a.txt: cannot write: Input/output error\n",
    );
    assertEquals(code, 1);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
