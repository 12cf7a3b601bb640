import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { TempDir } from "../data/fixtures.ts";

const ROOT = new URL("../../", import.meta.url);

/** The exports that run in a browser, as the page on use says. */
async function listed(): Promise<string[]> {
  const page = await Deno.readTextFile(new URL("docs/use.md", ROOT));
  const [sentence] = page.match(/^Of the exports .* run in\s+browsers/ms)!;
  return [...sentence.matchAll(/`([a-z]+)`/g)].map(([, name]) => `./${name}`);
}

Deno.test("browser: what is said to run there is bundled without anything of Deno's or Node's", async () => {
  await using temp = new TempDir();
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const names = await listed();
  assertEquals(names.filter((name) => !(name in exports)), []);
  const all = names.map((name) => `export * from "${new URL(exports[name], ROOT)}";\n`);
  const entry = await temp.write("all.ts", all.join(""));
  const { success, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "-q", "--platform", "browser", entry],
    cwd: fromFileUrl(ROOT),
  }).output();
  const decoder = new TextDecoder();
  assertEquals(success, true, decoder.decode(stderr));
  // To ask whether there is Deno is no harm where there is none.
  const code = decoder.decode(stdout).replaceAll("globalThis.Deno?.", "");
  const found = code.split("\n").filter((line) => {
    return /^(?!\s*(\/\/|\/?\*)).*(\bDeno\.|"node:|\bprocess\.)/.test(line);
  });
  assertEquals(found, []);
});
