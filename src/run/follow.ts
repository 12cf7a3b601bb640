import type { Gpt2 } from "../model/gpt2.ts";
import { train } from "../train/train.ts";
import { Trainer } from "../train/trainer.ts";
import type { RunOptions, RunResult } from "./options.ts";
import { openRunData } from "./run_data.ts";
import { restoreTraining } from "./training_state.ts";

/** Takes the steps of a run that another process writes down; only `signal` and `now` are its own. */
export async function followRun(model: Gpt2, options: RunOptions): Promise<RunResult> {
  const { resume, steps, seconds, evalEvery, sampleEvery, verbose, signal, now } = options;
  const data = await openRunData(model, { ...options, onNote: undefined });
  await using batches = data.batches;
  using trainer = new Trainer(model, options);
  if (resume) await restoreTraining(resume.checkpoint, resume.state, model, trainer.optimizer);
  let skippedSteps = 0;
  const last = await train(trainer, {
    ...{ batches, validation: data.validation, steps, seconds, start: resume?.state },
    ...{ evalEvery, verbose, signal, now },
    // Tasks are the first process's, and what follows them all do alike.
    measureTasks: options.evalTasks?.length ? () => Promise.resolve({}) : undefined,
    pauseAt: (step) => sampleEvery > 0 && step % sampleEvery === 0,
    onStep: ({ skipped }) => void (skippedSteps += Number(skipped)),
  });
  return { last, skipped: data.skipped + data.batches.skipped, skippedSteps };
}
