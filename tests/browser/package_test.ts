import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import * as browser from "../../src/browser/mod.ts";
import { assertFails, runTask } from "../cli/helpers.ts";
import { TempDir } from "../data/fixtures.ts";

const CONSUMER = `import { Agd, Gpu, type Gpt2, textBatches, Trainer } from "@agd/gpt2/browser";

export async function loss(gpu: Gpu, model: Gpt2): Promise<number> {
  using trainer = new Trainer(model, { batch: 2, optimizer: (target) => new Agd(target) });
  const [batch] = textBatches(model, gpu.adapterName, { batch: 2, steps: 1 });
  return (await trainer.step(batch)).loss;
}
`;

async function deno(args: string[], cwd: string) {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd }).output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
}

Deno.test("package: one who has it among npm's has all that runs in a browser, with types", async () => {
  await using directory = new TempDir();
  const made = `${directory.path}/node_modules/@agd/gpt2`;
  await Deno.mkdir(`${directory.path}/node_modules/@agd`, { recursive: true });
  const { code, stderr } = await runTask("package", ["--out", made], { cwd: directory.path });
  assertEquals([code, stderr], [0, ""]);

  const theirs = await import(`file://${made}/browser.js`);
  assertEquals(Object.keys(theirs).sort(), Object.keys(browser).sort());
  const text = "An adapter of one's own.";
  assertEquals(theirs.encode(text), browser.encode(text));

  await directory.write("package.json", `{"dependencies":{"@agd/gpt2":"*"}}`);
  await directory.write("page.ts", CONSUMER);
  await deno(["check", "-q", "--node-modules-dir=manual", "page.ts"], directory.path);
  await deno(
    [
      "bundle",
      "-q",
      "--node-modules-dir=manual",
      "--platform",
      "browser",
      "-o",
      "page.js",
      "page.ts",
    ],
    directory.path,
  );
  assertFails(
    await runTask("package", ["--out", made], { cwd: directory.path }),
    1,
    `${made} exists already: choose another --out`,
  );
});

Deno.test({
  name: "package: stopped by Ctrl-C it leaves nothing",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using directory = new TempDir();
    const began = Deno.watchFs(directory.path);
    const task = fromFileUrl(new URL("../../src/cli/package.ts", import.meta.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", "--no-check", task],
      cwd: directory.path,
    }).spawn();
    for await (const _ of began) break;
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    assertEquals([...Deno.readDirSync(directory.path)], []);
  },
});
