import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import type { StepEvent, TrainOptions } from "../../src/train/options.ts";
import { DataParallel } from "../../src/train/data_parallel.ts";
import { train } from "../../src/train/train.ts";
import { Trainer } from "../../src/train/trainer.ts";
import type { TrainerOptions } from "../../src/train/trainer_options.ts";
import type { Communicator } from "../../src/communicator.ts";
import { named, type OptimizerTarget } from "../../src/optim/optimizer.ts";
import { together } from "../comm/together.ts";
import { ODD, randomBatch, readTensors, smallVocabulary } from "../model/helpers.ts";
import { assertClose, openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const vocabulary = smallVocabulary(ODD.vocabularySize);
const STEPS = 4;
/** Of 4 sequences each, as of 2 processes with --batch 1 --accumulate 2. */
const BATCHES = Array.from({ length: STEPS + 2 }, (_, i) => randomBatch(ODD, 4, i));

async function* all(): AsyncGenerator<typeof BATCHES[0]> {
  yield* BATCHES.slice(0, STEPS);
}

/** Trains the same model with each of the options at the same time; the events of each. */
async function trainEach(
  each: Partial<TrainerOptions>[],
  options: (i: number) => Partial<TrainOptions> = () => ({}),
): Promise<StepEvent[][]> {
  return await Promise.all(each.map(async (trainerOptions, i) => {
    using model = await Gpt2.create(gpu, { ...ODD, width: 12 }, { vocabulary, seed: 3 });
    using trainer = new Trainer(model, {
      batch: 1,
      optimizer: (target) => new Agd(target),
      ...trainerOptions,
    });
    const events: StepEvent[] = [];
    await train(trainer, {
      ...{ batches: all(), validation: BATCHES.slice(STEPS), steps: STEPS, evalEvery: 2 },
      onStep: (event) => void events.push(event),
      ...options(i),
    });
    return events;
  }));
}

Deno.test("data parallel: processes take the steps that one takes of as many sequences", async (t) => {
  const kinds: Record<string, Partial<TrainerOptions>> = {
    "f32": {},
    "recomputing": { recompute: true },
    "AdamW": { optimizer: (target) => new AdamW(target, { learningRate: 1e-2 }) },
    ...gpu.hasF16 ? { "f16": { precision: "f16" } } : {},
  };
  for (const [name, options] of Object.entries(kinds)) {
    await t.step(name, async () => {
      const [alone] = await trainEach([{ ...options, accumulate: 4 }]);
      const [first, second] = await trainEach(
        together(2).map((communicator) => ({ ...options, accumulate: 2, communicator })),
      );
      const results = (events: StepEvent[]) =>
        events.map((
          { step, tokens, loss, validationLoss },
        ) => [step, tokens, loss, validationLoss]);
      assertEquals(results(first), results(second));
      first.forEach(({ loss, validationLoss = 0, tokens, skipped }, i) => {
        const expected = alone[i];
        assertEquals([tokens, skipped], [expected.tokens, expected.skipped]);
        // Rounded to 16 bits, weights that differ by a rounding may differ by much more.
        const tolerance = name === "f16" ? 1e-4 : 1e-5;
        assertAlmostEquals(loss, expected.loss, tolerance * expected.loss);
        assertAlmostEquals(validationLoss, expected.validationLoss ?? 0, tolerance * loss);
      });
    });
  }
});

Deno.test("data parallel: gradients are summed as soon as they are finished", async () => {
  const values = [[1, 2], [3], [4, 5, 6]];
  const [a, b, c] = values.map((each) =>
    gpu.tensorFrom("g", [each.length], Float32Array.from(each))
  );
  const events: string[] = [];
  const communicator = {
    ...together(1)[0],
    size: 2,
    sum(values: Float32Array) {
      events.push(`sum ${values}`);
      values.forEach((value, i) => values[i] = 2 * value);
      return Promise.resolve();
    },
  };
  using parallel = new DataParallel(gpu, [c, b, a], communicator, 12);
  function* parts() {
    for (const tensors of [[b], [c], [], [a]]) {
      events.push("part");
      yield tensors;
    }
  }
  const loss = await parallel.sumGradients(parts(), () => Promise.resolve(8));
  assertEquals(loss, 8);
  if (gpu.isSoftware) {
    assertEquals(events, ["part", "part", "sum 4,5,6", "part", "part", "sum 3,1,2,4"]);
  }
  const summed = await Promise.all([a, b, c].map((tensor) => gpu.read(tensor)));
  assertEquals(summed.map((each) => [...each]), values.map((each) => each.map((x) => 2 * x)));
});

Deno.test("data parallel: all end after the same step when one is asked to, or time is up", async () => {
  const processes = () => together(2).map((communicator) => ({ accumulate: 2, communicator }));
  const last: number[] = [];
  const controller = new AbortController();
  await trainEach(processes(), (i) => ({
    ...i === 1 ? { signal: controller.signal } : {},
    onStep: ({ step }) => {
      last[i] = step;
      if (i === 1 && step === 2) controller.abort();
    },
  }));
  assertEquals(last, [3, 3]); // the third one was under way
  const isLast: boolean[] = [];
  await trainEach(processes(), (i) => {
    let ms = 0;
    return {
      ...{ steps: undefined, seconds: 0.006, validation: [] },
      now: () => i === 0 ? ms++ : 0, // the second one's clock stands still
      onStep: ({ step, outlook }) => {
        last[i] = step;
        isLast[i] = outlook.isLast;
      },
    };
  });
  assertEquals(last[0], last[1]);
  assertEquals(isLast, [true, true]);
});

Deno.test("data parallel: steps by themselves, then one by how far all have come", async () => {
  const open = async (communicator?: Communicator) => {
    const model = await Gpt2.create(gpu, { ...ODD, width: 12 }, { vocabulary, seed: 3 });
    const optimizer = (target: OptimizerTarget) => new Agd(target);
    const syncEvery = communicator && 2;
    const trainer = new Trainer(model, { batch: 2, optimizer, communicator, syncEvery });
    return { model, trainer };
  };
  /** All weights, those that are evaluated, and the optimiser's state. */
  const read = async ({ model, trainer }: Awaited<ReturnType<typeof open>>) => {
    const { evaluationWeights, state } = trainer.optimizer;
    return await readTensors(
      gpu,
      new Map([...named("w", model.weights), ...named("e", evaluationWeights), ...state]),
    );
  };
  const mean = (arrays: Float32Array[]) =>
    arrays[0].map((_, i) => (arrays[0][i] + arrays[1][i]) / 2);
  const start = await read(await open());

  // What each would do alone with its half of the batches.
  const halves = await Promise.all([0, 1].map(async (half) => {
    const alone = await open();
    const losses: number[] = [];
    for (const { inputs, targets } of BATCHES.slice(0, 2)) {
      const part = (all: Uint32Array) => all.subarray(half * 10, half * 10 + 10);
      const result = await alone.trainer.step({ inputs: part(inputs), targets: part(targets) });
      losses.push(result.loss);
    }
    return { losses, tensors: await read(alone) };
  }));

  const found = await Promise.all(
    together(2).map(async (communicator) => {
      const process = await open(communicator);
      const losses: number[] = [];
      await train(process.trainer, {
        ...{ batches: all(), steps: 2, evalEvery: 9, validation: [] },
        onStep: ({ loss }) => void losses.push(loss),
      });
      return { losses, tensors: await read(process) };
    }),
  );
  assertEquals(found[0], found[1]);
  assertClose(found[0].losses, mean(halves.map(({ losses }) => Float32Array.from(losses))), 1e-6);
  for (const [name, values] of found[0].tensors) {
    const each = halves.map(({ tensors }) => tensors.get(name)!);
    if (name.startsWith("outer_momentum.")) continue;
    const before = start.get(name)!;
    const expected = name.startsWith("w.")
      ? mean(each).map((value, i) => before[i] + 0.7 * 1.5 * (value - before[i]))
      : mean(each);
    assertClose(values, expected, 1e-6, name);
  }
});

Deno.test("data parallel: a process with other weights is named", async () => {
  const error = await assertRejects(
    () =>
      Promise.all(
        together(3).map(async (communicator, rank) => {
          using model = await Gpt2.create(gpu, ODD, { vocabulary, seed: rank === 1 ? 4 : 3 });
          using trainer = new Trainer(model, {
            batch: 1,
            communicator,
            optimizer: (target) => new Agd(target),
          });
          await trainer.checkWeights(7);
        }),
      ),
    UserError,
  );
  assertEquals(
    error.message,
    "process 1 of 3 holds other weights than process 0 after step 7, as of unlike GPUs or " +
      "drivers: all must have the same",
  );
});
