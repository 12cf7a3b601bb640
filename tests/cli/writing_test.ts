import { assertEquals, assertStringIncludes } from "@std/assert";
import { TempDir } from "../data/fixtures.ts";

/** Tries to write to each of its other arguments, once it may write to the first one only. */
const PROGRAM = `
import { limitWriting } from "${new URL("../../src/cli/writing.ts", import.meta.url)}";
limitWriting(Deno.args[0]);
for (const path of Deno.args.slice(1)) {
  try {
    Deno.mkdirSync(path, { recursive: true });
    console.log("wrote");
  } catch (error) {
    console.log(error.name);
  }
}
`;

Deno.test("a task that writes to a directory can write to nothing else", async () => {
  await using directory = new TempDir();
  const program = await directory.write("program.ts", PROGRAM);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-config", "--no-prompt", "--allow-read", "--allow-write=/", program],
      ...[
        "runs/mine",
        "runs/mine",
        "runs/mine/a",
        "runs/mine/../yours",
        "runs",
        "runs/mine.tmp",
        ".",
      ],
    ],
    ...{ cwd: directory.path, stdin: "null", env: { NO_COLOR: "1" } },
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
    ...["wrote", "wrote", "NotCapable", "NotCapable", "NotCapable", "NotCapable"],
  ]);
});

Deno.test("the tasks that write have a permission that can be narrowed", async () => {
  const { permissions, tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  for (const name of ["train", "export", "prepare", "compare", "eval", "inspect"]) {
    assertEquals(permissions[name].write, ["/"], name);
    assertStringIncludes(tasks[name].command, `deno run -q -P=${name} `);
  }
});
