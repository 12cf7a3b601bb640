import { assertEquals } from "@std/assert";
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
    `${made}: cannot make the directory: File exists`,
  );
});
