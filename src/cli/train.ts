/** `deno task train`: trains a GPT-2 on text. */
import { UserError } from "../errors.ts";
import type { Shard } from "../data/files/shard.ts";
import { findShards } from "../data/files/sources.ts";
import { readCheckpointConfig } from "../checkpoint/checkpoint.ts";
import { trainToDirectory } from "../run/run.ts";
import { checkRunDirectory } from "../run/run_directory.ts";
import { isInPlace, openRun } from "../run/saved_run.ts";
import { tuningDirectory } from "../train/tune.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { findCheckpoint } from "./checkpoint.ts";
import { chooseDisplay } from "./display.ts";
import { interruptSignal } from "./interrupt.ts";
import { Gpu } from "../gpu/gpu.ts";
import { DEVICE, deviceOption } from "./device.ts";
import { keptServers } from "./kept_servers.ts";
import { main } from "./main.ts";
import { limitNetwork } from "./network.ts";
import { keptOptions, resumedOptions } from "./resume.ts";
import { measureModel, openModel } from "./train_model.ts";
import { tellEnd, tellResume, tellStart } from "./train_report.ts";
import { PRESET_NAMES, readSettings, type TrainSettings } from "./train_settings.ts";
import { limitWriting } from "./writing.ts";

const COMMAND: CommandSpec = {
  name: "train",
  summary: "Trains a GPT-2 on text. Without options: a tiny one on the sample corpus, in minutes.",
  options: {
    data: {
      value: "PATH",
      help: "file, glob, directory or URL of text, or .bin files; repeatable (default data/)",
      repeatable: true,
      elsewhere: ["dataset", "i"],
    },
    preset: { value: "NAME", help: `${PRESET_NAMES.join(", ")} (default tiny)` },
    layers: { value: "N", help: "transformer blocks", elsewhere: ["n-layer"] },
    heads: {
      value: "N",
      help: "attention heads; must divide the width",
      elsewhere: ["n-head"],
    },
    width: { value: "N", help: "width of the residual stream", elsewhere: ["n-embd"] },
    context: {
      value: "N",
      help: "tokens in a sequence",
      elsewhere: ["block-size", "sequence-length", "t"],
    },
    vocab: {
      value: "KIND",
      help: "full: GPT-2's 50,257 tokens; compact: those that the data uses (default for tiny)",
    },
    "no-bias": { help: "no biases" },
    "no-affine": { help: "no gains and biases in layer norms" },
    optimizer: { value: "NAME", help: "agd, adamw, sgd (default agd)" },
    norm: { value: "NAME", help: "agd: spectral, or frobenius as published (default spectral)" },
    lr: {
      value: "X",
      help: "adamw and sgd: peak learning rate (default 0.001 and 0.1)",
      elsewhere: ["learning-rate", "l"],
    },
    batch: {
      value: "N",
      help: "sequences that go through the model at once (default 8)",
      elsewhere: ["batch-size", "b"],
    },
    accumulate: {
      value: "N",
      help: "batches whose gradients are added up for a step, at no more memory (default 1)",
      elsewhere: ["gradient-accumulation-steps"],
    },
    precision: {
      value: "NAME",
      help: "f32, or f16 to store activations in 16 bits where the adapter can (default f32)",
      elsewhere: ["dtype"],
    },
    recompute: { help: "compute activations twice instead of keeping them: less memory, slower" },
    steps: {
      value: "N",
      help: "steps (default 250 for tiny and --init-from, else 20 tokens a parameter)",
      elsewhere: ["max-iters", "max-steps", "num-iterations", "x"],
    },
    tokens: { value: "N", help: "tokens to train on, instead of --steps" },
    seed: { value: "N", help: "same seed, same losses on one adapter (default 0)" },
    out: {
      value: "DIR",
      help: "where to write the run (default runs/ and the time, or what is resumed)",
      elsewhere: ["out-dir", "output-dir", "o"],
    },
    resume: {
      value: "DIR",
      help: "go on with a run, or from one of its checkpoints, with its options but those given",
    },
    keep: { value: "N", help: "checkpoints to keep, besides the best one (default 2)" },
    "eval-every": {
      value: "N",
      help: "steps between evaluations, each of which saves (default 100)",
      elsewhere: ["eval-interval", "val-loss-every", "v"],
    },
    "eval-batches": {
      value: "N",
      help: "validation batches in an evaluation (default 8)",
      elsewhere: ["eval-iters", "val-max-steps"],
    },
    "sample-every": {
      value: "N",
      help: "steps between samples (default: one at the end)",
      elsewhere: ["s"],
    },
    "init-from": {
      value: "DIR",
      help: "start from a checkpoint, or owner/name on the Hugging Face Hub",
    },
    "no-shuffle": { help: "read the data in order" },
    lang: {
      value: "CODE",
      help: "leave out documents that say to be in another language, e.g. en",
    },
    "min-tokens": { value: "N", help: "leave out documents of fewer tokens" },
    "skip-bad": { help: "count and skip lines that cannot be read, instead of stopping" },
    "no-autotune": { help: "do not measure which kernels are the fastest on this adapter" },
    "dry-run": { help: "only print parameters and memory, and whether the adapter holds them" },
    verbose: { help: "print each step, and of agd the norms of gradients, updates and weights" },
    device: DEVICE,
    quiet: { help: "print only how it ended" },
    json: { help: "print one JSON object a line instead of the display" },
  },
  examples: [
    "",
    "--preset gpt2 --data 'owt2/*.jsonl.zst' --out runs/owt2",
    "--resume runs/owt2",
    "--preset gpt2 --dry-run",
  ],
};

async function trainCommand(given: Arguments): Promise<number> {
  const resumed = given.text("resume");
  using resume = resumed === undefined ? undefined : await openRun(resumed, given.text("out"));
  const { options, changes } = resume
    ? resumedOptions(given, resume, await readCheckpointConfig(resume.checkpoint))
    : { options: given, changes: [] };
  const settings = readSettings(options, resume);
  const device = deviceOption(given);
  const { data, filters, initFrom, optimizer, trainer, out, isDryRun } = settings;
  const { shuffle, seed, keep, evalEvery, evalBatches, sampleEvery } = settings;
  using display = chooseDisplay(options);
  limitNetwork(data, initFrom);

  // What can be wrong comes to light before what takes long.
  const isKept = resume !== undefined && !("data" in given.given());
  for (const server of isKept ? keptServers(resume, data) : []) {
    const text = `Reads the run's data from ${server}.`;
    display.tell("note", { text }, text);
  }
  const { shards, skipped } = await findData(settings, isKept);
  const isElsewhere = !resume || !isInPlace(resume, out);
  if (!isDryRun && isElsewhere) await checkRunDirectory(out);
  const isHidden = options.flag("quiet") || options.flag("json");
  const checkpoint = resume?.checkpoint ?? (initFrom && await findCheckpoint(initFrom, isHidden));
  limitWriting(...writtenBy(settings));
  using gpu = await Gpu.open(device);
  const sampleTokens = options.flag("quiet") ? 0 : 200;
  const memory = { ...trainer, sampleTokens, saves: true };
  const sources = { settings, shards, checkpoint, memory };
  if (isDryRun) {
    await measureModel(gpu, sources, display);
    return 0;
  }
  using model = await openModel(gpu, sources, display);

  const tokensPerStep = (trainer.accumulate ?? 1) * trainer.batch * model.config.context;
  const steps = settings.chooseSteps(model.parameterCount, tokensPerStep);
  tellStart(display, model, { optimizer: optimizer.name, steps, tokensPerStep, out });
  if (resume) tellResume(display, resume, changes);
  using interrupt = interruptSignal(() => {
    display.tell("stopping", {}, "Stopping after this step; Ctrl-C once more quits at once.");
  });
  const result = await trainToDirectory(model, {
    ...{ data: shards, ...filters, shuffle, seed, ...trainer, out, resume, steps, keep },
    ...{ evalEvery, evalBatches, sampleEvery, sampleTokens },
    record: keptOptions(options, steps),
    verbose: options.flag("verbose"),
    onNote: (text) => display.tell("note", { text }, text),
    onStep: (event) => display.step(event, steps),
    onSample: options.flag("quiet") ? undefined : (step, text) => display.sample(step, text),
    onSave: (step) => display.tell("save", { step, out }),
    signal: interrupt.signal,
  });
  const step = result.last?.step ?? resume?.state.step ?? 0;
  const interrupted = interrupt.exitCode !== 0;
  const ending = { ...result, skipped: skipped + result.skipped };
  tellEnd(display, ending, { step, out, interrupted });
  return interrupt.exitCode;
}

/**
 * Finds the data, unless a dry run has no use for it.
 *
 * @param isKept Whether it is where a resumed run had it.
 * @returns Also the bad parts of archives that were skipped in finding what they hold.
 */
async function findData(
  { data, filters: { skipBad }, vocab, isDryRun }: TrainSettings,
  isKept: boolean,
): Promise<{ shards: Shard[]; skipped: number }> {
  let skipped = 0;
  if (isDryRun && vocab === "full") return { shards: [], skipped };
  try {
    return { shards: await findShards(data, { skipBad, onBad: () => skipped++ }), skipped };
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

if (import.meta.main) await main(COMMAND, trainCommand);
