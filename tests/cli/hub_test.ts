import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { HubServer } from "../hub/hub_server.ts";
import { assertFails, corpusDirectory, readLosses, runTask, TINY } from "./helpers.ts";

Deno.test("a model of the hub is sampled from, evaluated and trained", async (t) => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const trained = await runTask("train", [
    ...["--data", "corpus.jsonl", "--out", "run", ...TINY, "--steps", "20", "--quiet"],
  ], { cwd });
  assertEquals(trained.code, 0, trained.stderr);
  const saved = (name: string) => Deno.readFile(`${cwd}/run/${name}`);
  await using server = new HubServer({
    "someone/tiny": {
      files: {
        "config.json": await saved("config.json"),
        "model.safetensors": await saved("model.safetensors"),
      },
      token: "secret",
    },
  });
  const env = { HF_ENDPOINT: server.url, HF_HOME: `${cwd}/cache`, HF_TOKEN: "secret" };

  await t.step("without a token it is not to be had", async () => {
    const outcome = await runTask("sample", ["--checkpoint", "someone/tiny", "--prompt", "a"], {
      cwd,
      env: { ...env, HF_TOKEN: "" },
    });
    assertEquals([outcome.code, outcome.stdout], [1, ""]);
    assertMatch(
      outcome.stderr,
      /^error: no directory someone\/tiny here; on the hub: someone\/tiny\/config.json: .* set HF_TOKEN\n$/,
    );
  });

  await t.step("samples and losses are those of the directory", async () => {
    const both = async (task: "sample" | "eval", ...args: string[]) => {
      const run = (checkpoint: string) =>
        runTask(task, ["--checkpoint", checkpoint, ...args], { cwd, env });
      return [await run("someone/tiny"), await run("run")];
    };
    const [sample, expected] = await both("sample", "--prompt", "the", "--max-tokens", "8");
    assertEquals(sample, expected);
    assertEquals(sample.code, 0, sample.stderr);
    const [loss, expectedLoss] = await both("eval", "--data", "corpus.jsonl", "--json");
    assertEquals(loss, expectedLoss);
    assertEquals(loss.code, 0, loss.stderr);
    assertEquals(server.cdn.requests.length, 1, "it is downloaded once");
  });

  await t.step("training starts from it", async () => {
    const args = ["--data", "corpus.jsonl", "--init-from", "someone/tiny", "--batch", "2"];
    const outcome = await runTask(
      "train",
      [...args, "--out", "tuned", "--steps", "1", "--quiet"],
      { cwd, env },
    );
    assertEquals([outcome.code, outcome.stderr], [0, ""]);
    assertEquals((await readLosses(`${cwd}/tuned`)).length, 1);
  });

  await t.step("what is in a directory that is there is no model of the hub", async () => {
    const before = server.hub.requests.length;
    assertFails(
      await runTask("sample", ["--checkpoint", "run/typo"], { cwd, env }),
      1,
      "no directory run/typo: name a checkpoint's, or owner/name of a model on the Hugging Face Hub",
    );
    assertEquals(server.hub.requests.length, before);
  });
});

Deno.test("the help tells of the hub", async () => {
  for (const task of ["sample", "eval", "train"] as const) {
    const { stdout } = await runTask(task, ["--help"], { cwd: "." });
    assertStringIncludes(stdout, "owner/name on the Hugging Face Hub");
  }
});
