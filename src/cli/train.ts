/** `deno task train`: trains a GPT-2 on text. */
import type { MpiCommunicator } from "../comm/mpi.ts";
import { UsageError, UserError } from "../errors.ts";
import type { Shard } from "../data/files/shard.ts";
import { pinDatasets } from "../data/files/dataset.ts";
import { findShards, findSources } from "../data/files/sources.ts";
import { readCheckpointConfig } from "../checkpoint/checkpoint.ts";
import { trainToDirectory } from "../run/run.ts";
import { checkRunDirectory } from "../run/run_directory.ts";
import { isInPlace, openRun } from "../run/saved_run.ts";
import { type SpooledData, spoolInput } from "./standard_input.ts";
import { tuningDirectory } from "../train/tune.ts";
import { checkTask } from "../train/tasks/evaluate_task.ts";
import type { Arguments } from "./arguments.ts";
import { findCheckpoint } from "./checkpoint.ts";
import { chooseDisplay, type Display, SilentDisplay } from "./display.ts";
import { interruptSignal } from "./interrupt.ts";
import { Gpu } from "../gpu/gpu.ts";
import { deviceOption } from "./device.ts";
import { keptServers } from "./kept_servers.ts";
import { main, type Start } from "./main.ts";
import { limitNetwork } from "./network.ts";
import { chooseOwnGpu, findSharedGpus } from "./own_gpu.ts";
import {
  firstOnHost,
  isFirstProcess,
  tellBeforeJoining,
  withCheckpoint,
  withProcesses,
} from "./processes.ts";
import { keptOptions, resumedOptions } from "./resume.ts";
import { checkStartedAlike } from "./started_alike.ts";
import { TRAIN } from "./train_command.ts";
import { openTrainDashboard } from "./train_dashboard.ts";
import { measureModel, openModel } from "./train_model.ts";
import { PaceTeller, tellEnd, tellResume, tellStart } from "./train_report.ts";
import { readSettings, type TrainSettings } from "./train_settings.ts";
import { limitWriting } from "./writing.ts";

async function trainCommand(given: Arguments, processes?: MpiCommunicator): Promise<number> {
  const isFirst = !processes || processes.rank === 0;
  const resumed = given.text("resume");
  using resume = resumed === undefined
    ? undefined
    : await openRun(resumed, given.text("out"), { isWritten: isFirst });
  const size = processes?.size ?? 1;
  const { options, changes } = resume
    ? resumedOptions(given, resume, await readCheckpointConfig(resume.checkpoint), size)
    : { options: given, changes: [] };
  const settings = readSettings(options, resume);
  const device = deviceOption(given);
  const { weights, filters, initFrom, optimizer, out, isDryRun } = settings;
  const trainer = { ...settings.trainer, communicator: processes };
  const { shuffle, seed, keep, evalEvery, evalBatches, evalTasks, sampleEvery } = settings;
  using display = isFirst ? chooseDisplay(options) : new SilentDisplay();
  await using _page = given.flag("dashboard") && !isDryRun && isFirst
    ? await openTrainDashboard(out, device, display)
    : undefined;
  limitNetwork([...settings.data, ...evalTasks.map(({ data }) => data)], initFrom);

  // What can be wrong comes to light before what takes long.
  const isKept = resume !== undefined && !("data" in given.given());
  for (const server of isKept ? keptServers(resume, settings.data) : []) {
    const text = `Reads the run's data from ${server}.`;
    display.tell("note", { text }, text);
  }
  const isElsewhere = !resume || !isInPlace(resume, out);
  if (!isDryRun && isElsewhere && isFirst) await checkRunDirectory(out);
  using input = await takeInput(settings, size);
  if (input.note) display.tell("note", { text: input.note }, input.note);
  const data = usesData(settings) ? await pinDatasets(input.data) : input.data;
  const { shards, sources: parts, skipped } = await findData({ ...settings, data }, isKept);
  if (processes) {
    await checkStartedAlike(processes, { options, shards, step: resume?.state.step });
  }
  if (!isDryRun && isFirst) { for (const task of evalTasks) await checkTask(task); }
  const isHidden = options.flag("quiet") || options.flag("json");
  const checkpoint = resume?.checkpoint ?? (initFrom &&
    await firstOnHost(processes, () => findCheckpoint(initFrom, isHidden || !isFirst)));
  limitWriting(...writtenBy(settings), ...input.writes);
  const choice = processes && chooseOwnGpu(processes.localRank);
  using gpu = await Gpu.open(device);
  if (processes && choice && !isDryRun) await warnOfSharedGpus(gpu, processes, choice, display);
  const sampleTokens = options.flag("quiet") ? 0 : 200;
  // A dry run is one process's.
  const taken = isDryRun ? settings.trainer : trainer;
  const memory = { ...taken, sampleTokens, measuresTasks: evalTasks.length > 0, saves: true };
  const sources = { settings, shards, checkpoint, memory };
  if (isDryRun) {
    if (isFirst) await measureModel(gpu, sources, display);
    return 0;
  }
  using model = await openModel(gpu, sources, display, (tune) => firstOnHost(processes, tune));

  const tokensPerStep = size * (trainer.accumulate ?? 1) * trainer.batch * model.config.context;
  const { parameterCount } = model;
  const { isSoftware } = gpu;
  const length = settings.chooseLength({ parameterCount, tokensPerStep, isSoftware });
  tellStart(display, model, { optimizer: optimizer.name, length, tokensPerStep, out, processes });
  if (resume) tellResume(display, resume, changes);
  const pace = new PaceTeller(display, length);
  input.release();
  using interrupt = interruptSignal(() => {
    display.tell("stopping", {}, "Stopping after this step; Ctrl-C once more quits at once.");
  });
  const result = await trainToDirectory(model, {
    mixture: weights && { sources: parts, weights },
    ...{ data: shards, ...filters, shuffle, seed, ...trainer, out, resume, ...length, keep },
    ...{ evalEvery, evalBatches, evalTasks, sampleEvery, sampleTokens },
    record: keptOptions(options, { data, out, ...length, processes: size }),
    verbose: options.flag("verbose"),
    tensorboard: options.flag("tensorboard"),
    onNote: (text) => display.tell("note", { text }, text),
    onCompile: (done, kernels) => display.compiling(done, kernels),
    onStep: (event) => {
      display.step(event);
      pace.step(event);
    },
    onSample: options.flag("quiet") ? undefined : (step, text) => display.sample(step, text),
    onSave: (step) => display.tell("save", { step, out }),
    signal: interrupt.signal,
  }).catch((error) => {
    throw withCheckpoint(error, processes, out);
  });
  const step = result.last?.step ?? resume?.state.step ?? 0;
  const interrupted = interrupt.exitCode !== 0;
  const ending = { ...result, skipped: skipped + result.skipped };
  tellEnd(display, ending, { step, out, interrupted, isTimed: length.seconds !== undefined });
  return interrupt.exitCode;
}

/** Of the software driver there is one for all: a process more is another user of the processor. */
async function warnOfSharedGpus(
  gpu: Gpu,
  processes: MpiCommunicator,
  choice: string[],
  display: Display,
): Promise<void> {
  const warnings = await findSharedGpus(processes, gpu.adapterName, choice);
  for (const text of gpu.isSoftware ? [] : warnings) display.tell("note", { text }, text);
}

/** Keeps standard input, if it is a part of the data, in the run's directory. */
async function takeInput(settings: TrainSettings, size: number): Promise<SpooledData> {
  const { data, out, isDryRun } = settings;
  if (size > 1 && data.includes("-")) {
    throw new UsageError("--data - is for one process: name a file that every process can read");
  }
  if (!usesData(settings)) return await spoolInput([], { task: "train" });
  return await spoolInput(data, {
    task: "train",
    ...isDryRun ? {} : { parent: out, isKept: true },
  });
}

/** Not so a dry run with a known vocabulary. */
function usesData({ vocab, isDryRun }: TrainSettings): boolean {
  return !isDryRun || vocab !== "full";
}

/**
 * Finds the data, unless a dry run has no use for it.
 *
 * @param isKept Whether it is where a resumed run had it.
 * @returns By sources too, if they are mixed, and the bad parts of archives that were skipped in
 * finding what they hold.
 */
async function findData(
  settings: TrainSettings,
  isKept: boolean,
): Promise<{ shards: Shard[]; sources: Shard[][]; skipped: number }> {
  const { data, weights, column, filters: { skipBad } } = settings;
  let skipped = 0;
  if (!usesData(settings)) return { shards: [], sources: [], skipped };
  try {
    const options = { column, skipBad, onBad: () => skipped++ };
    const sources = weights ? await findSources(data, options) : [await findShards(data, options)];
    return { shards: sources.flat(), sources, skipped };
  } catch (error) {
    if (!isKept || !(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message}; if the run's data is elsewhere now, say so with --data`,
      error.code,
    );
  }
}

/** The directories that training writes to. */
function writtenBy({ autotunes, out, isDryRun }: TrainSettings): string[] {
  if (isDryRun) return [];
  const choices = autotunes ? tuningDirectory() : undefined;
  return choices ? [out, choices] : [out];
}

/** Runs the command, in one of several processes if there are. */
export const start: Start = (args) => {
  const run = (given: Arguments) =>
    withProcesses(given, (processes) => trainCommand(given, processes));
  return main(TRAIN, run, { args, isSilent: !isFirstProcess(), tell: tellBeforeJoining });
};

if (import.meta.main) await start();
