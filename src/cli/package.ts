/** `deno task package`: a package of npm's for bundlers, of what runs in a browser. */
import { dirname, fromFileUrl, join, relative, resolve } from "@std/path";
import { extract } from "tar/extract";
import project from "../../deno.json" with { type: "json" };
import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { main } from "./main.ts";
import { printLine } from "./terminal.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** What is packed, and what it is called there. */
const ENTRY = project.exports["./browser"].replace(/^\.\//, "");
const SCRIPT = "browser.js";

const COMMAND: CommandSpec = {
  name: "package",
  summary: "Makes a package for bundlers of what runs in a browser, kernels inside: install its\n" +
    `directory with npm, and import ${project.name}/browser.`,
  options: { out: { value: "DIR", help: "where to make it; must not exist yet (default npm)" } },
  examples: ["", "--out ../page/gpt2"],
};

async function makePackage(options: Arguments): Promise<void> {
  const out = options.text("out") ?? "npm";
  const scratch = await Deno.makeTempDir();
  try {
    await Deno.mkdir(out).catch((error) => {
      throw fileError(error, `${out}: cannot make the directory`);
    });
    await deno("bundle", "--platform", "browser", "-o", resolve(out, SCRIPT), ENTRY);
    const types = await declarations(scratch);
    for (const path of types) {
      await Deno.mkdir(dirname(join(out, path)), { recursive: true });
      await Deno.copyFile(join(scratch, "package", path), join(out, path));
    }
    await Deno.copyFile(join(ROOT, "LICENSE"), join(out, "LICENSE"));
    await Deno.writeTextFile(join(out, "package.json"), manifest());
    printLine(`Made ${out}, a package of ${SCRIPT} and ${types.length} files of types.`);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** The declarations of what is exported, by their paths in the package that Deno makes of all. */
async function declarations(scratch: string): Promise<string[]> {
  const file = join(scratch, "all.tgz");
  await deno("pack", "--allow-dirty", "--no-source-maps", "-o", file);
  extract({ file, cwd: scratch, sync: true, filter: (path) => path.endsWith(".d.ts") });
  const root = join(scratch, "package");
  const found = new Set<string>();
  const visit = async (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    const text = await Deno.readTextFile(join(root, path));
    for (const [, to] of text.matchAll(/(?:from|import\() ?"(\.[^"]*)\.js"/g)) {
      await visit(relative(root, resolve(root, dirname(path), `${to}.d.ts`)));
    }
  };
  await visit(ENTRY.replace(/\.ts$/, ".d.ts"));
  return [...found];
}

/** The package.json. */
function manifest(): string {
  const { name, version, license } = project;
  const types = `./${ENTRY.replace(/\.ts$/, ".d.ts")}`;
  const exports = { "./browser": { types, default: `./${SCRIPT}` } };
  return JSON.stringify({ name, version, license, type: "module", exports }, null, 2) + "\n";
}

/** Runs a command of Deno's in the project. */
async function deno(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, "-q", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim().split("\n").at(0);
  throw new UserError(`deno ${command} failed: ${why}`);
}

if (import.meta.main) await main(COMMAND, makePackage);
