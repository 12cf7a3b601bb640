import {
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { UserError } from "../../src/errors.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { OptimizerTarget } from "../../src/optim/optimizer.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { checkMemory } from "../../src/train/check_memory.ts";
import { type MeasureOptions, measureTraining } from "../../src/train/memory.ts";
import { ODD, SLIM, smallVocabulary } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

const sgd = (target: OptimizerTarget) => new Sgd(target, { learningRate: 1 });

/** What checkMemory says, on the device whose bindings are small. */
async function refusalOf(
  config: Gpt2Config,
  options: Partial<MeasureOptions>,
): Promise<string> {
  const all = { batch: 8, optimizer: sgd, ...options };
  const error = await assertRejects(
    () => checkMemory(slim, config, smallVocabulary(config.vocabularySize), all),
    UserError,
  );
  return error.message;
}

Deno.test("checkMemory names the largest batch that a limit allows", async () => {
  // A binding holds 67,600 bytes: 11 sequences of 16 tokens with 4 times 24 channels.
  const config = { ...ODD, width: 24, context: 16 };
  const fits = { batch: 11, optimizer: sgd };
  await checkMemory(slim, config, smallVocabulary(11), fits);
  const reason = /^hidden needs a binding of 73,728 bytes, but the adapter "[^"]+" allows 67,600: /;
  const message = await refusalOf(config, { batch: 12 });
  assertMatch(message, reason);
  assertEquals(
    message.replace(reason, ""),
    "the largest batch that fits is 11; --batch 6 --accumulate 2 takes the same steps in less " +
      "memory",
  );
  assertStringIncludes(
    await refusalOf(config, { batch: 23, accumulate: 3 }),
    "fits is 11; --batch 3 --accumulate 23 takes",
  );
});

Deno.test("checkMemory refuses absurd sizes at once, and names what would fit", async () => {
  const config = { ...ODD, context: 1024 };
  const measure = gpu.measure.bind(gpu);
  let measured = 0;
  const messageOf = async (config: Gpt2Config, options: Partial<MeasureOptions>) => {
    const all = { batch: 1, optimizer: sgd, ...options };
    const vocabulary = smallVocabulary(ODD.vocabularySize);
    const error = await assertRejects(() => checkMemory(gpu, config, vocabulary, all), UserError);
    return error.message;
  };
  gpu.measure = (build) => {
    measured++;
    return measure(build);
  };
  try {
    // A step's batches are held at once, but none of this size is ever made a plan of.
    const wide = { ...config, width: 100_000, heads: 1 };
    assertMatch(
      await messageOf(wide, {}),
      /^\S+ needs a buffer of [\d,]+ bytes, but .* allows [\d,]+: use a smaller model$/,
    );
    assertMatch(
      await messageOf({ ...config, layers: 1000, width: 32_768, heads: 1 }, {}),
      /: use a smaller model$/,
    );
    assertEquals(
      await messageOf(config, { accumulate: 1e9 }),
      "a step of 1,024,000,000,000 tokens is more than the 268,435,456 possible: use a smaller batch",
    );
    assertEquals(measured, 0);
    const most = await messageOf({ ...config, width: 60 }, { batch: 200_000 });
    assertMatch(most, /^the residual stream needs a buffer .*: the largest batch that fits is \d+/);
    assertLess(measured, 50);
  } finally {
    gpu.measure = measure;
  }
});

Deno.test("checkMemory names the context where no batch fits a limit", async () => {
  // 176 rows fit a binding, as above.
  const config = { ...ODD, width: 24, context: 400 };
  assertStringIncludes(
    await refusalOf(config, {}),
    "allows 67,600 even with --batch 1 --recompute: with --context 100 it fits; or use a smaller " +
      "model",
  );
});

Deno.test("checkMemory names the largest batch that memory allows", async (t) => {
  const free = (available: number) => ({ ...systemMemoryInfo(), available });
  const { systemMemoryInfo } = Deno;
  const vocabulary = smallVocabulary(11);
  const config = { ...ODD, layers: 20, width: 12, context: 30 };
  const options = {
    batch: 20,
    saves: true,
    optimizer: (target: OptimizerTarget) => new Agd(target),
  };
  const { hostBytes } = measureTraining(gpu, config, vocabulary, options);
  const take = (batch: number, recompute = false) => {
    const { bytes } = measureTraining(gpu, config, vocabulary, {
      ...{ ...options, batch, recompute },
    });
    return bytes + hostBytes;
  };
  const cases: [available: number, expected: string | undefined][] = [
    [take(20), undefined],
    [take(20) - 1, ": the largest batch that fits is 19, or 20 with --recompute; --batch 10 --acc"],
    [
      take(7),
      ": the largest batch that fits is 7, or 20 with --recompute; --batch 5 --accumulate 4",
    ],
    [take(2, true), " even with --batch 1: with --recompute a batch of up to 2 fits"],
    [hostBytes + 1000, " even with --batch 1 --recompute: use a smaller model"],
  ];
  try {
    await t.step("the host's", async () => {
      Deno.systemMemoryInfo = () => free(400 * 1024);
      const { message } = await assertRejects(
        () => checkMemory(gpu, config, vocabulary, options),
        UserError,
      );
      assertEquals(
        message,
        "a checkpoint takes 448 kiB of the host's memory while it is written, of which 400 kiB " +
          "are free: use a smaller model",
      );
    });
    for (const [available, expected] of cases) {
      await t.step(expected ?? "it fits", async () => {
        Deno.systemMemoryInfo = () => free(available);
        const check = () => checkMemory(gpu, config, vocabulary, options);
        if (expected === undefined) return await check();
        const { message } = await assertRejects(check, UserError);
        assertMatch(message, /^training takes \S+ \S+ of memory, which the adapter "[^"]+" does/);
        assertStringIncludes(message, `does not have free${expected}`);
      });
    }
  } finally {
    Deno.systemMemoryInfo = systemMemoryInfo;
  }
});
