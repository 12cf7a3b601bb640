import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Arguments } from "../../src/cli/arguments.ts";
import { readSettings } from "../../src/cli/train_settings.ts";
import { chooseOptimizer } from "../../src/cli/optimizer_choice.ts";
import { UsageError } from "../../src/errors.ts";
import { PRESETS } from "../../src/model/config.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import { agdSettings, spellOutAgd } from "../../src/optim/agd/options.ts";
import { ODD, randomWeights, uploadTensors } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

/** Of a model, and of a step. */
const SIZE = { parameterCount: 1e6, tokensPerStep: 1024, isSoftware: false };

const settings = (given: Record<string, unknown> = {}) =>
  readSettings(new Arguments(given), undefined);

Deno.test("without options a tiny model with the tokens of the sample corpus is trained", () => {
  const { data, architecture, vocab, optimizer, trainer, out, chooseLength } = settings();
  assertEquals(data.length, 1);
  assertMatch(data[0], /[\\/]data[\\/]?$/);
  assertEquals(architecture, { ...PRESETS.tiny, bias: true, affine: true });
  assertEquals([vocab, optimizer.name, trainer.batch], ["compact", "AGD", 8]);
  assertMatch(out, /^runs\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d$/);
  assertEquals(chooseLength(SIZE), { steps: 250, seconds: undefined });
  assertEquals(chooseLength({ ...SIZE, isSoftware: true }), { steps: 250, seconds: 180 });
});

Deno.test("a task is named with its file", () => {
  const given = { "eval-task": ["lambada=a=b.jsonl", "hellaswag=c"], "eval-limit": "5" };
  assertEquals(settings(given).evalTasks, [
    { task: "lambada", data: "a=b.jsonl", limit: 5 },
    { task: "hellaswag", data: "c", limit: 5 },
  ]);
  assertEquals(settings().evalTasks, []);
  for (const wrong of ["lambada", "lambada=", "squad=a.json"]) {
    assertThrows(
      () => settings({ "eval-task": [wrong] }),
      UsageError,
      "--eval-task must be a task and its file, such as lambada=lambada_test.jsonl, not " +
        `'${wrong}'; tasks are hellaswag, hellaswag-harness, lambada, wikitext`,
    );
  }
  const twice = { "eval-task": ["lambada=a", "lambada=b"] };
  assertThrows(() => settings(twice), UsageError, "--eval-task lambada is given twice");
  assertThrows(() => settings({ "eval-limit": "5" }), UsageError, "goes with --eval-task");
});

Deno.test("steps are given, or those of so many tokens, or a time, or 20 tokens a parameter", () => {
  const length = (given: Record<string, unknown>) =>
    settings(given).chooseLength({ ...SIZE, isSoftware: true });
  assertEquals(length({ steps: "7" }), { steps: 7, seconds: undefined });
  assertEquals(length({ tokens: "1025" }), { steps: 2, seconds: undefined });
  assertEquals(length({ minutes: "0.5" }), { seconds: 30 });
  assertEquals(length({ hours: "2", preset: "gpt2" }), { seconds: 7200 });
  assertEquals(length({ steps: "7", minutes: "3" }), { steps: 7, seconds: 180 }); // whichever is first
  assertEquals(length({ preset: "gpt2" }), { steps: 19_532 });
  for (const given of [{ minutes: "0" }, { hours: "-1" }, { minutes: "soon" }]) {
    assertThrows(() => settings(given), UsageError, `--${Object.keys(given)[0]} must be `);
  }
  assertEquals(settings({ preset: "gpt2" }).vocab, "full");
});

Deno.test("a preset may be changed, a checkpoint's architecture may not", () => {
  const { architecture } = settings({ preset: "gpt2", layers: "3", "no-bias": true });
  assertEquals(architecture, { ...PRESETS.gpt2, layers: 3, bias: false, affine: true });
  for (
    const given of [{ preset: "gpt2" }, { width: "8" }, { vocab: "full" }, { "no-affine": true }]
  ) {
    assertThrows(
      () => settings({ ...given, "init-from": "runs/a" }),
      UsageError,
      `--${Object.keys(given)[0]} cannot go with --init-from, which decides it`,
    );
  }
});

Deno.test("a resumed run has AGD as it began", async () => {
  const gpu = await openTestGpu();
  const tensors = () => uploadTensors(gpu, ODD, randomWeights(ODD, 1));
  const target = { gpu, table: parameterTable(ODD), weights: tensors(), gradients: tensors() };
  const kindOf = (kind?: string) => {
    using optimizer = chooseOptimizer(new Arguments({}), kind).make(target);
    return optimizer.kind;
  };
  const former = spellOutAgd(agdSettings({ nesterov: false, averaging: 4 }));
  assertEquals(kindOf(former), former);
  const today = spellOutAgd(agdSettings({}));
  assertEquals([kindOf(), kindOf(`${former}, polarSteps 3`)], [today, former]);
  assertEquals(kindOf(former.replace("nesterov false", "nesterov maybe")), today);
});
