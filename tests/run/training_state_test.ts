import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { writeCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { agdSettings, spellOutAgd } from "../../src/optim/agd/options.ts";
import { stateTensors } from "../../src/train/state_tensors.ts";
import { Trainer } from "../../src/train/trainer.ts";
import {
  readTrainingState,
  restoreTraining,
  type TrainingState,
  writeTrainingState,
} from "../../src/run/training_state.ts";
import { TempDir } from "../data/fixtures.ts";
import { modelOf, ODD, randomBatch, randomWeights, readTensors } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

const STATE: TrainingState = {
  step: 3,
  tokens: 96,
  optimizer: spellOutAgd(agdSettings({})),
  best: { step: 2, val_loss: 4.5 },
  validation: "v",
  data_position: {
    of: {
      data: "0123456789abcdef",
      split: "training",
      seed: 1,
      context: 16,
      shuffle: true,
      lang: null,
      minTokens: 0,
      vocabulary: "full",
    },
    validationBound: 7,
    epoch: 0,
    shard: 0,
    line: 0,
    token: 0,
    block: 0,
    sequence: 6,
  },
  options: { batch: "2", data: ["a.jsonl"], "no-shuffle": true },
};

Deno.test("weights, their average, momentum and the history of rows come back", async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const newTrainer = (seed: number) => {
    const model = modelOf(gpu, ODD, randomWeights(ODD, seed));
    return { model, trainer: new Trainer(model, { batch: 2, optimizer: (t) => new Agd(t) }) };
  };
  const all = async ({ model, trainer: { optimizer } }: ReturnType<typeof newTrainer>) => {
    const maps = [model.weights, optimizer.evaluationWeights, optimizer.state];
    return await Promise.all(maps.map((map) => readTensors(gpu, map)));
  };
  const first = newTrainer(1);
  using trainer = first.trainer;
  for (let step = 0; step < 3; step++) await trainer.step(randomBatch(ODD, 2, step));
  const tensors = stateTensors(first.model, trainer.optimizer);
  const read = gpu.read.bind(gpu);
  await writeCheckpoint(first.model, path, trainer.optimizer.evaluationWeights, read);
  await writeTrainingState(path, STATE, tensors, read);
  assertEquals(await readTrainingState(path), STATE);

  const second = newTrainer(2);
  using other = second.trainer;
  await restoreTraining(path, STATE, second.model, other.optimizer);
  assertEquals(await all(second), await all(first));

  // As the version spelt it out that had settings for how deep a model is, the ramp and polar steps.
  const former = STATE.optimizer
    .replace(", shares", ", depth parameters, shares")
    .replace(
      ", growth true, nesterov true",
      ", polarSteps 4, growth true, nesterov true, ramp true",
    );
  await writeTrainingState(path, { ...STATE, optimizer: former }, tensors, read);
  assertEquals(await readTrainingState(path), STATE);

  const fewer = new Map([...tensors].slice(1));
  await writeTrainingState(path, STATE, fewer, read);
  await assertRejects(
    () => restoreTraining(path, STATE, second.model, other.optimizer),
    UserError,
    "/training_state.safetensors: tensor weights.wte.weight is missing",
  );
});

Deno.test("a state that is damaged is named", async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const file = `${path}/training_state.json`;
  await assertRejects(() => readTrainingState(path), UserError, `${file}: cannot read`);
  await directory.write("training_state.json", "{");
  await assertRejects(() => readTrainingState(path), UserError, `${file} is damaged: not JSON`);
  for (const key of Object.keys(STATE)) {
    await directory.write("training_state.json", JSON.stringify({ ...STATE, [key]: true }));
    await assertRejects(() => readTrainingState(path), UserError, `${file} is damaged`);
  }
  for (const seconds of [-1, "1", null]) {
    await directory.write("training_state.json", JSON.stringify({ ...STATE, seconds }));
    await assertRejects(() => readTrainingState(path), UserError, `${file} is damaged`);
  }
});

Deno.test("a state of an earlier version does not say how long training took", async () => {
  await using directory = new TempDir();
  const { seconds: _, ...earlier } = { ...STATE, seconds: 12.5 };
  for (const state of [{ ...earlier, seconds: 12.5 }, earlier]) {
    await directory.write("training_state.json", JSON.stringify(state));
    assertEquals(await readTrainingState(directory.path), state);
  }
});
