import { assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readMetrics } from "../../src/run/metrics.ts";
import { assertFails, corpusDirectory, readLosses, runTask, TINY } from "./helpers.ts";

Deno.test("eval of a checkpoint", async (t) => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const passages = ["Story 1: the moon rises", "Story 2: over a quiet harbour"];
  await Deno.writeTextFile(`${cwd}/lambada.jsonl`, passages.map((text) => `${text}\n`).join(""));
  await Deno.writeTextFile(`${cwd}/wiki.jsonl`, `{"page":"the moon rises"}\n`);
  const trained = await runTask("train", [
    ...["--data", "corpus.jsonl", "--out", "run", ...TINY, "--steps", "20", "--quiet"],
    ...["--eval-every", "20", "--eval-batches", "1000", "--eval-task", "lambada=lambada.jsonl"],
    ...["--eval-task", "wikitext=wiki.jsonl"],
  ], { cwd });
  assertEquals(trained.code, 0, trained.stderr);
  const evaluate = async (...args: string[]) => {
    const all = ["--checkpoint", "run", "--data", "corpus.jsonl", ...args];
    const outcome = await runTask("eval", all, { cwd });
    assertEquals([outcome.code, outcome.stderr], [0, ""]);
    return outcome.stdout;
  };

  await t.step("on the validation part it says what training said", async () => {
    const json = JSON.parse(await evaluate("--split", "validation", "--json"));
    assertEquals(Object.keys(json).sort(), [
      ...["bits_per_byte", "bytes", "loss", "perplexity", "skipped", "tokens"],
    ]);
    const { val_loss } = (await readLosses(`${cwd}/run`)).at(-1)!;
    // Training leaves out what fills no batch, and the first token.
    assertAlmostEquals(json.loss, val_loss!, 0.1);
    assertAlmostEquals(json.perplexity, Math.exp(json.loss), 1e-9);
  });

  await t.step("people get a table, the same each time", async () => {
    const args = ["--stride", "8", "--eval-batches", "3", "--batch", "4"];
    const [one, other] = await Promise.all([evaluate(...args), evaluate(...args)]);
    assertEquals(one, other);
    assertMatch(
      one,
      /^loss +\d\.\d{4} nats per token\nperplexity +[\d.]+\nbits per byte +\d\.\d{4}\n/,
    );
    assertMatch(one, new RegExp(`^tokens +${16 + 11 * 8}$`, "m"));
  });

  await t.step("by a task it says the task's measures", async () => {
    const args = ["--checkpoint", "run", "--task", "lambada", "--data", "lambada.jsonl"];
    const [people, json, all] = await Promise.all(
      [args, [...args, "--limit", "1", "--json"], [...args, "--json"]]
        .map((args) => runTask("eval", args, { cwd })),
    );
    assertMatch(
      people.stdout,
      /^task +lambada\nacc +[01]\.\d{4}\nperplexity +\d+\.\d\d\nquestions +2\n$/,
    );
    const { task, questions, acc, perplexity } = JSON.parse(json.stdout);
    assertEquals([task, questions, people.stderr, json.stderr], ["lambada", 1, "", ""]);
    assertEquals([typeof acc, typeof perplexity], ["number", "number"]);
    const { lambada: told, wikitext } = (await readMetrics(`${cwd}/run/metrics.jsonl`)).at(-1)!
      .tasks!;
    assertEquals(typeof wikitext.word_perplexity, "number");
    const now = JSON.parse(all.stdout);
    assertEquals([Object.keys(told), told.acc], [["acc", "perplexity"], now.acc]);
    assertAlmostEquals(told.perplexity / now.perplexity, 1, 1e-5);
  });
});

Deno.test("a wrong call of eval is told in one line", async () => {
  const wrong: [string, 1 | 2, string][] = [
    ["--data data", 2, "--checkpoint DIR is needed"],
    ["--checkpoint a --data b --stride 0", 2, "--stride must be an integer of 1 or more, not 0"],
    [
      ...["--checkpoint a --task lambada", 2] as const,
      "--task lambada is measured on one --data FILE, as it was published",
    ],
    [
      ...["--checkpoint a --task lambada --data b --stride 2", 2] as const,
      "--stride cannot go with --task",
    ],
    ["--checkpoint a --limit 2", 2, "--limit goes with --task; here --eval-batches"],
    [
      ...["--checkpoint a --data b --split test", 2] as const,
      "--split must be one of all, training, validation, not 'test'",
    ],
    [
      ...["--checkpoint ./no/where --data b", 1] as const,
      "no directory ./no/where: name a checkpoint's, or owner/name of a model on the Hugging Face Hub",
    ],
  ];
  await Promise.all(wrong.map(async ([args, code, message]) => {
    assertFails(await runTask("eval", args.split(" "), { cwd: "." }), code, message);
  }));
});

Deno.test("eval explains itself", async () => {
  const { stdout, stderr, code } = await runTask("eval", ["--help"], { cwd: "." });
  assertStringIncludes(stdout, "\n  --stride N ");
  assertEquals([code, stderr], [0, ""]);
});
