import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Agd, collectVocabulary, Gpt2, Gpu, trainToDirectory } from "../../mod.ts";
import { TempDir } from "../data/fixtures.ts";
import { HubServer } from "../hub/hub_server.ts";

const ROOT = new URL("../..", import.meta.url);
const CONFIG = fromFileUrl(new URL("deno.json", ROOT));

/** The start of an example that is run, in a comment or in Markdown. */
const EXAMPLE = /^ *(?:\* )?```ts(?! no-run)/;

/** The files below a directory that may hold examples. */
function* filesBelow(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(directory, ROOT))) {
    if (isDirectory) yield* filesBelow(`${directory}/${name}`);
    else if (/\.(ts|md)$/.test(name)) yield `${directory}/${name}`;
  }
}

/** The examples of a file, by the beginning of the names that Deno gives them. */
function examplesIn(file: string): string[] {
  const lines = Deno.readTextFileSync(new URL(file, ROOT)).split("\n");
  return lines.flatMap((line, i) => EXAMPLE.test(line) ? [`${file}#${i + 1}-`] : []);
}

/**
 * What examples expect to find: the sample corpus in `data`, a text of one's own, `novel.txt`, a task's file, and a
 * small run in `runs/base`.
 */
async function prepare(directory: string): Promise<void> {
  const data = `${directory}/data`;
  Deno.mkdirSync(data);
  for (const { name } of Deno.readDirSync(new URL("data", ROOT))) {
    if (!name.endsWith(".zst")) continue;
    Deno.copyFileSync(new URL(`data/${name}`, ROOT), `${data}/${name}`);
  }
  Deno.writeTextFileSync(
    `${directory}/novel.txt`,
    "The moon was full, and nobody slept. ".repeat(50),
  );
  Deno.writeTextFileSync(
    `${directory}/lambada_test.jsonl`,
    JSON.stringify({ text: "The moon was full, and nobody slept" }) + "\n",
  );
  const { vocabulary } = await collectVocabulary([data]);
  using gpu = await Gpu.open();
  const shape = { layers: 1, heads: 2, width: 32, context: 32 };
  using model = await Gpt2.create(gpu, shape, { vocabulary, seed: 0 });
  await trainToDirectory(model, {
    ...{ data: [data], out: `${directory}/runs/base`, steps: 2, batch: 2, seed: 0 },
    ...{ evalEvery: 2, evalBatches: 1, sampleEvery: 0, sampleTokens: 0 },
    optimizer: (target) => new Agd(target),
  });
}

Deno.test("the examples in comments and documents run", async () => {
  await using directory = new TempDir();
  await prepare(directory.path);
  const model = (name: string) => Deno.readFileSync(`${directory.path}/runs/base/${name}`);
  const names = ["config.json", "model.safetensors"];
  const files = Object.fromEntries(names.map((name) => [name, model(name)]));
  await using hub = new HubServer({ "openai-community/gpt2": { files } });

  const documents = ["mod.ts", "README.md", ...filesBelow("docs"), ...filesBelow("src")];
  const examples = documents.flatMap(examplesIn);
  const paths = new Set(examples.map((example) => example.slice(0, example.lastIndexOf("#"))));
  const child = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "--doc", "--allow-all", "--no-check", `--config=${CONFIG}`],
      `--filter=/${examples.map(RegExp.escape).join("|")}/`,
      ...[...paths].map((path) => fromFileUrl(new URL(path, ROOT))),
    ],
    cwd: directory.path,
    env: { NO_COLOR: "1", HF_ENDPOINT: hub.url, HF_HOME: directory.path },
  }).output();
  const output = new TextDecoder().decode(child.stdout);
  assert(child.success, output + new TextDecoder().decode(child.stderr));
  assertEquals(Number(output.match(/^ok \| (\d+) passed/m)?.[1]), examples.length, output);
});

/** A line of docs/use.md, with this project's directory in place of `../gpt2`. */
function lineOfUse(beginning: string): string {
  const text = Deno.readTextFileSync(new URL("docs/use.md", ROOT));
  const line = text.split("\n").find((line) => line.trim().startsWith(beginning));
  return line!.trim().replace("../gpt2/", fromFileUrl(ROOT)).replace("../gpt2", fromFileUrl(ROOT));
}

/** Runs `main.ts` in a directory; returns what it printed. */
async function runMain(cwd: string, command: string): Promise<string> {
  const [name, ...args] = command.split(" ");
  assertEquals([name, args.at(-1)], ["deno", "main.ts"]);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    ...{ args, cwd, stdin: "null", env: { NO_COLOR: "1" } },
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout);
}

Deno.test("a file in no project is run as the page says", async () => {
  await using directory = new TempDir();
  await directory.write(
    "main.ts",
    'import { Gpu } from "@agd/gpt2";\nimport { findShards } from "@agd/gpt2/data";\n' +
      "using _gpu = await Gpu.open();\nconsole.log(typeof findShards);\n",
  );
  assertEquals(await runMain(directory.path, lineOfUse("deno run ")), "function\n");
});

Deno.test("a project of one's own links to this one, and imports each room", async () => {
  await using directory = new TempDir();
  const { name, exports } = JSON.parse(Deno.readTextFileSync(CONFIG));
  await directory.write("deno.json", lineOfUse('{"links"'));
  const rooms = Object.keys(exports).map((room) => room.replace(".", name));
  const imports = rooms.map((room, i) => `import * as room${i} from "${room}";`);
  const names = rooms.flatMap((room, i) =>
    room.endsWith("/browser") ? [] : `...Object.keys(room${i})` // which has what others have
  );
  await directory.write("main.ts", `${imports.join("\n")}\nconsole.log([${names}].length);`);
  // Each name is one of the whole and of one room.
  const count = 2 * Object.keys(await import("../../mod.ts")).length;
  assertEquals(await runMain(directory.path, "deno run --quiet main.ts"), `${count}\n`);
});
