import { assertEquals } from "@std/assert";

/** What is fetched for tests and measurements only, by bench/screenshot.ts. */
const BROWSER = /^(npm:)?playwright-core@/;

interface Lock {
  [part: string]: unknown;
  specifiers: Record<string, string>;
  npm: Record<string, unknown>;
}

async function readJson(name: string) {
  return JSON.parse(await Deno.readTextFile(new URL(`../${name}`, import.meta.url)));
}

function withoutBrowser<Value>(entries: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !BROWSER.test(name)));
}

Deno.test("locks: tasks fetch what deno.lock holds, but no browser's driver", async () => {
  const all: Lock = await readJson("deno.lock");
  const expected = {
    ...all,
    ...{ specifiers: withoutBrowser(all.specifiers), npm: withoutBrowser(all.npm) },
  };
  assertEquals(await readJson("tasks.lock"), expected);
  const tasks: Record<string, { command: string }> = (await readJson("deno.json")).tasks;
  for (const [name, { command }] of Object.entries(tasks)) {
    const fetching = command.split("&&").filter((part) =>
      /deno (run|bundle)/.test(part) && !/ --lock=\S*tasks\.lock/.test(part)
    );
    assertEquals([name, fetching.length], [name, name === "bench" || name === "test" ? 1 : 0]);
  }
});
