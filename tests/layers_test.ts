import { assertEquals } from "@std/assert";

const ROOT = new URL("..", import.meta.url);
const SRC = new URL("src/", ROOT).href;

/** Rooms without any API of Deno's or Node's, so that they run in a browser. */
const PORTABLE = ["gpu", "tokens", "model", "ops", "optim", "sample", "checkpoint/formats"];

/** The rooms of docs/architecture.md, the lowest layer first. */
async function readLayers(): Promise<string[][]> {
  const text = await Deno.readTextFile(new URL("docs/architecture.md", ROOT));
  const [, block] = text.match(/^## Layers$[^]*?```text\n([^]*?)```/m)!;
  return block.trim().split("\n").map((line) => line.trim().split(/\s+/)).reverse();
}

/** What each file of src/ imports from there, by paths relative to it. */
async function readImports(): Promise<Map<string, string[]>> {
  const files: string[] = [];
  const list = async (directory: URL) => {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      if (isDirectory) await list(new URL(`${name}/`, directory));
      else if (name.endsWith(".ts")) files.push(new URL(name, directory).href);
    }
  };
  await list(new URL(SRC));
  const all = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(all, files.map((file) => `import "${file}";\n`).join(""));
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", new URL("deno.json", ROOT).pathname, all],
      stderr: "inherit",
    }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: { specifier: string; dependencies?: Dependency[] }[];
    };
    const inside = modules.filter(({ specifier }) => specifier.startsWith(SRC));
    return new Map(inside.map(({ specifier, dependencies = [] }) => [
      specifier.slice(SRC.length),
      dependencies.map(({ code, type }) => (code ?? type)?.specifier ?? "")
        .filter((to) => to.startsWith(SRC)).map((to) => to.slice(SRC.length)),
    ]));
  } finally {
    await Deno.remove(all);
  }
}

interface Dependency {
  code?: { specifier?: string };
  type?: { specifier?: string };
}

const layers = await readLayers();
const rooms = layers.flat();
const imports = await readImports();

/** The room of a file: the longest of the names that its path begins with. */
function roomOf(file: string): string | undefined {
  return rooms.filter((room) => file.startsWith(`${room}/`) || file === `${room}.ts`)
    .sort((a, b) => b.length - a.length)[0];
}

Deno.test("layers: every file is in a room, and every room has a file", () => {
  const homeless = [...imports.keys()].filter((file) => roomOf(file) === undefined);
  assertEquals(homeless, []);
  const used = new Set([...imports.keys()].map(roomOf));
  assertEquals(rooms.filter((room) => !used.has(room)), []);
});

Deno.test("layers: no file imports one of its own layer's other rooms, or of a layer above", () => {
  const layerOf = (room?: string) => layers.findIndex((members) => members.includes(room!));
  const upward: string[] = [];
  for (const [file, targets] of imports) {
    for (const target of targets) {
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from !== to && layerOf(to) >= layerOf(from)) upward.push(`${file} imports ${target}`);
    }
  }
  assertEquals(upward, []);
});

Deno.test("layers: no files import each other in a circle", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  assertEquals(circles, []);
});

Deno.test("layers: what runs in a browser has nothing of Deno's, nor imports what has", async () => {
  const portable = (file: string) => {
    const room = roomOf(file)!;
    return PORTABLE.some((name) => `${room}/`.startsWith(`${name}/`)) ||
      !room.includes("/") && file === `${room}.ts`;
  };
  const wrong: string[] = [];
  for (const [file, targets] of imports) {
    if (!portable(file)) continue;
    const text = await Deno.readTextFile(new URL(file, SRC));
    // To ask whether there is Deno is no harm where there is none.
    const code = text.replace(/\/\*\*[^]*?\*\/|\/\/.*|globalThis\.Deno\?\./g, "");
    if (/\bDeno\b|\bprocess\.|from "(node:|@std\/)/.test(code)) wrong.push(file);
    for (const target of targets) {
      if (!portable(target)) wrong.push(`${file} imports ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("layers: kernels are in the folder of wgsl/ that mirrors that of their importer", async () => {
  const misplaced: string[] = [];
  for (const file of imports.keys()) {
    const text = await Deno.readTextFile(new URL(file, SRC));
    for (const [, path] of text.matchAll(/from "(\.[^"]*\.wgsl)"/g)) {
      const kernel = new URL(path, new URL(file, SRC)).href;
      const folder = new URL(file, SRC).href.replace(SRC, new URL("wgsl/", ROOT).href);
      const expected = new URL(".", folder).href;
      if (!kernel.replace(/include\/(?=[^/]*$)/, "").startsWith(expected)) {
        misplaced.push(`${file} imports ${path}`);
      }
    }
  }
  assertEquals(misplaced, []);
});
