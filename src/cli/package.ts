/** `deno task package`: a package of npm's for bundlers, of what runs in a browser. */
import { dirname, fromFileUrl, join, relative, resolve } from "@std/path";
import { extract } from "tar/extract";
import project from "../../deno.json" with { type: "json" };
import { UserError } from "../errors.ts";
import { copyFile, createText } from "../files/create_file.ts";
import { fileError } from "../files/file_error.ts";
import { fileExists } from "../files/file_exists.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { main } from "./main.ts";
import { makeInScratch } from "./scratch.ts";
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

async function makePackage(options: Arguments): Promise<number> {
  const out = options.text("out") ?? "npm";
  if (await fileExists(out)) throw new UserError(`${out} exists already: choose another --out`);
  return await makeInScratch(out, async (scratch, signal) => {
    const made = join(scratch, "made");
    await Deno.mkdir(made);
    await deno(signal, "bundle", "--platform", "browser", "-o", join(made, SCRIPT), ENTRY);
    const types = await declarations(scratch, signal);
    for (const path of types) {
      await Deno.mkdir(dirname(join(made, path)), { recursive: true });
      await copyFile(join(scratch, "package", path), join(made, path));
    }
    await copyFile(join(ROOT, "LICENSE"), join(made, "LICENSE"));
    await createText(join(made, "package.json"), manifest());
    await Deno.rename(made, out).catch((error) => {
      throw fileError(error, `${out}: cannot write`);
    });
    printLine(`Made ${out}, a package of ${SCRIPT} and ${types.length} files of types.`);
  });
}

/** The declarations of what is exported, by their paths in the package that Deno makes of all. */
async function declarations(scratch: string, signal: AbortSignal): Promise<string[]> {
  const file = join(scratch, "all.tgz");
  await deno(signal, "pack", "--allow-dirty", "--no-source-maps", "-o", file);
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
async function deno(signal: AbortSignal, command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, "-q", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stdin: "null",
    stdout: "null",
    signal,
  }).output();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim().split("\n").at(0);
  throw new UserError(`deno ${command} failed: ${why}`);
}

if (import.meta.main) await main(COMMAND, makePackage);
