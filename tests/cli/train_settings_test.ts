import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Arguments } from "../../src/cli/arguments.ts";
import { readSettings } from "../../src/cli/train_settings.ts";
import { UsageError } from "../../src/errors.ts";
import { PRESETS } from "../../src/model/config.ts";

const settings = (given: Record<string, unknown> = {}) =>
  readSettings(new Arguments(given), undefined);

Deno.test("without options a tiny model with the tokens of the sample corpus is trained", () => {
  const { data, architecture, vocab, optimizer, trainer, out, chooseSteps } = settings();
  assertEquals(data.length, 1);
  assertMatch(data[0], /[\\/]data[\\/]?$/);
  assertEquals(architecture, { ...PRESETS.tiny, bias: true, affine: true });
  assertEquals([vocab, optimizer.name, trainer.batch], ["compact", "AGD", 8]);
  assertMatch(out, /^runs\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d$/);
  assertEquals(chooseSteps(1e6, 1024), 250);
});

Deno.test("the number of steps is given, or that of so many tokens, or 20 tokens a parameter", () => {
  assertEquals(settings({ steps: "7" }).chooseSteps(1e6, 1024), 7);
  assertEquals(settings({ tokens: "1025" }).chooseSteps(1e6, 1024), 2);
  assertEquals(settings({ preset: "gpt2" }).chooseSteps(1e6, 1000), 20_000);
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
