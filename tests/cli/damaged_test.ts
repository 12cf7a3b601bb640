import { assertEquals, assertMatch } from "@std/assert";
import { assertFails, corpusDirectory, runTask, TINY } from "./helpers.ts";

Deno.test("a checkpoint that is damaged is refused by name, whatever it is for", async (t) => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const data = ["--data", "corpus.jsonl"];
  const trained = await runTask("train", [
    ...[...data, ...TINY, "--steps", "2", "--eval-every", "2", "--out", "run", "--quiet"],
  ], { cwd });
  assertEquals([trained.code, trained.stderr], [0, ""]);

  const uses: Record<string, (directory: string) => ReturnType<typeof runTask>> = {
    sample: (from) => runTask("sample", ["--checkpoint", from, "--max-tokens", "1"], { cwd }),
    eval: (from) =>
      runTask("eval", [...data, "--checkpoint", from, "--eval-batches", "1"], { cwd }),
    export: (from) =>
      runTask("export", ["--checkpoint", from, "--format", "f16", "--out", `${from}-f16`], { cwd }),
    train: (from) =>
      runTask("train", [
        ...[...data, "--batch", "2", "--steps", "1", "--quiet"],
        ...["--init-from", from, "--out", `${from}-tuned`],
      ], { cwd }),
  };
  /** Changes one bit of a file. */
  const flip = async (name: string, at: number) => {
    const bytes = await Deno.readFile(`${cwd}/${name}`);
    bytes[at < 0 ? bytes.length + at : at] ^= 1;
    await Deno.writeFile(`${cwd}/${name}`, bytes);
  };
  // As another tool would leave it.
  await Deno.mkdir(`${cwd}/plain`);
  for (const name of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(`${cwd}/run/${name}`, `${cwd}/plain/${name}`);
  }
  await flip("plain/model.safetensors", -1);
  await flip("run/model.safetensors", -1);
  for (const [task, use] of Object.entries(uses)) {
    await t.step(task, async () => {
      const message = "model.safetensors is damaged: the checksum of tensor ln_f.bias is not the " +
        "manifest's; if it was changed on purpose, remove run/manifest.json";
      assertFails(await use("run"), 1, `run/${message}`);
      const plain = await use("plain");
      assertEquals([plain.code, plain.stderr], [0, ""]);
    });
  }

  await t.step("also where it is the configuration", async () => {
    await flip("run/model.safetensors", -1);
    assertMatch((await uses.sample("run")).stderr, /^$/);
    const text = await Deno.readTextFile(`${cwd}/run/config.json`);
    await flip("run/config.json", text.indexOf('"resid_pdrop":') + '"resid_pdrop":'.length);
    assertFails(
      await uses.sample("run"),
      1,
      "run/config.json is damaged: the checksum of its content is not the manifest's; if it was changed " +
        "on purpose, remove run/manifest.json",
    );
  });
});
