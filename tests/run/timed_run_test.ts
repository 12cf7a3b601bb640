import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { collectVocabulary } from "../../src/data/token_stream.ts";
import { UserError } from "../../src/errors.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { readMetrics } from "../../src/run/metrics.ts";
import type { RunOptions } from "../../src/run/options.ts";
import { trainToDirectory } from "../../src/run/run.ts";
import { openRun } from "../../src/run/saved_run.ts";
import { jsonl, TempDir, texts } from "../data/fixtures.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const ARCHITECTURE = { layers: 1, heads: 2, width: 16, context: 16 };

Deno.test("a run of so many seconds, and going on with it", async (t) => {
  await using directory = new TempDir();
  const data = [await directory.write("corpus.jsonl", jsonl(texts(60, 40)))];
  const { vocabulary } = await collectVocabulary(data);

  /** Trains, or goes on with a run of that name, by a clock on which a step takes 1 s. */
  const train = async (name: string, options: Partial<RunOptions>, goesOn = false) => {
    const out = `${directory.path}/${name}`;
    using resume = goesOn ? await openRun(out, options.out) : undefined;
    using model = resume
      ? await loadCheckpoint(gpu, resume.checkpoint)
      : await Gpt2.create(gpu, ARCHITECTURE, { vocabulary, seed: 1 });
    let seconds = 0;
    class TimedAgd extends Agd {
      override step() {
        seconds++;
        super.step();
      }
    }
    const { last } = await trainToDirectory(model, {
      ...{ data, batch: 2, optimizer: (target) => new TimedAgd(target), seed: 1, out },
      ...{ evalEvery: 100, evalBatches: 1, sampleEvery: 0, sampleTokens: 4, resume },
      now: () => 1000 * seconds,
      ...options,
    });
    const metrics = await readMetrics(`${out}/metrics.jsonl`);
    return { last, metrics, losses: metrics.map(({ loss }) => loss) };
  };
  const stop = new AbortController();
  const whole = await train("whole", { seconds: 12.5 });

  await t.step("it ends in time, evaluated and saved", async () => {
    const { step, seconds, validationLoss, outlook } = whole.last!;
    assertGreater(step, 10);
    assertEquals([outlook.isLast, seconds <= 12.5, validationLoss! > 0], [true, true, true]);
    using run = await openRun(`${directory.path}/whole`);
    assertEquals([run.state.step, run.state.seconds], [step, 12.5]); // all are spent
    assertEquals(whole.metrics.at(-1)?.seconds, seconds);
  });

  await t.step("time before it is resumed counts, and the steps are as ever", async () => {
    const first = await train("stopped", {
      ...{ seconds: 12.5, signal: stop.signal },
      onStep: ({ step }) => step === 4 && stop.abort(),
    });
    const { step, seconds } = first.last!;
    assertEquals([step < 8, first.last!.outlook.isLast], [true, false]);
    const { last, losses, metrics } = await train("stopped", { seconds: 12.5 }, true);
    assertEquals(metrics[step].seconds! >= seconds, true);
    assertEquals([last!.seconds <= 12.5, last!.seconds > 10], [true, true]);
    const both = Math.min(losses.length, whole.losses.length);
    assertGreater(both, 10);
    assertEquals(losses.slice(0, both), whole.losses.slice(0, both));
  });

  await t.step("nothing is left then, unless there are more seconds or steps", async () => {
    assertEquals((await train("stopped", { seconds: 12.5 }, true)).last, undefined);
    const out = `${directory.path}/elsewhere`;
    const error = await assertRejects(
      () => train("stopped", { seconds: 12.5, out }, true),
      UserError,
      "so that nothing would be written to",
    );
    assertEquals(error.message.endsWith("train for more than 12.5 seconds, or copy it"), true);
    const { last } = await train("stopped", { seconds: 15 }, true);
    assertGreater(last!.seconds, 12);
    const steps = last!.step + 3;
    assertEquals((await train("stopped", { steps }, true)).last!.step, steps);
  });
});
