import { assertEquals, assertLessOrEqual } from "@std/assert";
import { existsSync } from "node:fs";

const ROOT = new URL("../", import.meta.url);

/** The pages, by their paths. */
const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "data/README.md", "bench/README.md"],
  ...[...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => `docs/${name}`).sort(),
];

/** Folders that pages name files of. */
const PATH = /`((?:bench|data|docs|examples|src|tests|types|wgsl)\/[^\s`*]*)`/g;

const TASKS: string[] = Object.keys(
  JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).tasks,
);

/** A page in parts. */
interface Page {
  path: string;
  /** What is not in blocks of code. */
  prose: string;
  /** Indented and fenced blocks, a command a line, and what is between backticks in the prose. */
  code: string[];
}

const pages = PAGES.map(readPage);

function readPage(path: string): Page {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  const blocks: string[] = [];
  const prose = text
    .replace(/^```.*\n([^]*?)^```$/gm, (_, block) => (blocks.push(block), ""))
    .replace(/(?<=\n\n)(?: {4}.*\n|\n)+/g, (block) => (blocks.push(block), "\n"));
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, "").split("\n"));
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span]) => span.replaceAll(/\s+/g, " "));
  return { path, prose, code: [...lines, ...spans] };
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf({ prose }: Page): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of prose.matchAll(/^#+ (.*)$/gm)) {
    const slug = heading.replaceAll(/\[(.*?)\]\(.*?\)/g, "$1").trim().toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-");
    let anchor = slug;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${slug}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The commands of a page that call tasks of this project: what follows `./run` or `deno task`. */
function commandsOf({ code }: Page): { task: string; options: string[] }[] {
  return code.flatMap((line) =>
    [...line.matchAll(/(?:\.\/run|deno task(?: -q)?) ([a-z]+)([^#|<>]*)/g)]
      .map(([, task, rest]) => ({ task, options: rest.match(/(?<=\s)--[a-z][a-z0-9-]*/g) ?? [] }))
  );
}

/** The options that a task's help names. */
async function optionsOf(task: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", task, "--help"],
    cwd: ROOT,
    stdin: "null",
  }).output();
  return new Set(new TextDecoder().decode(stdout).match(/--[a-z][a-z0-9-]*/g));
}

Deno.test("pages: the README is not long", () => {
  const lines = Deno.readTextFileSync(new URL("README.md", ROOT)).trimEnd().split("\n").length;
  assertLessOrEqual(lines, 150);
});

Deno.test("pages: links lead to files and headings that there are", () => {
  const wrong: string[] = [];
  for (const { path, prose } of pages) {
    for (const [, link] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [file, anchor] = link.split("#");
      const target = new URL(file || path.replace(/^.*\//, ""), new URL(path, ROOT));
      const known = target.href.slice(ROOT.href.length);
      const page = pages.find(({ path }) => path === known);
      const isThere = existsSync(target) &&
        (anchor === undefined || page !== undefined && anchorsOf(page).has(anchor));
      if (!isThere) wrong.push(`${path}: ${link}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("pages: paths between backticks exist", () => {
  const wrong = pages.flatMap(({ path, prose }) =>
    [...prose.matchAll(PATH)].filter(([, file]) => !existsSync(new URL(file, ROOT)))
      .map(([, file]) => `${path}: ${file}`)
  );
  assertEquals(wrong, []);
});

Deno.test("pages: commands name tasks that there are, and options that these have", async () => {
  const known = new Map(
    await Promise.all(TASKS.map(async (task) => [task, await optionsOf(task)] as const)),
  );
  const wrong: string[] = [];
  for (const page of pages) {
    for (const { task, options } of commandsOf(page)) {
      const its = known.get(task);
      if (!its) wrong.push(`${page.path}: there is no task ${task}`);
      for (const option of options.filter((option) => its && !its.has(option))) {
        wrong.push(`${page.path}: ${task} has no ${option}`);
      }
    }
    for (const option of page.code.flatMap((span) => span.match(/^--[a-z][a-z0-9-]*/) ?? [])) {
      const isAny = [...known.values()].some((options) => options.has(option));
      if (!isAny) wrong.push(`${page.path}: no task has ${option}`);
    }
  }
  assertEquals(wrong, []);
});
