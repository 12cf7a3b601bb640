/** `deno task train`: trains a GPT-2 on text. */
import { format as formatBytes } from "@std/fmt/bytes";
import { fromFileUrl, resolve } from "@std/path";
import { UsageError, UserError } from "../errors.ts";
import { findShards } from "../data/sources.ts";
import { collectVocabulary } from "../data/token_stream.ts";
import { fullVocabulary, type Vocabulary } from "../data/vocabulary.ts";
import { Gpu } from "../gpu/gpu.ts";
import { loadCheckpoint, readCheckpointConfig } from "../model/checkpoint.ts";
import { checkConfig, type Gpt2Config, type PresetName, PRESETS } from "../model/config.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { parameterCount } from "../model/parameters.ts";
import { checkMemory, type MeasureOptions, measureTraining } from "../train/dry_run.ts";
import { trainToDirectory } from "../train/run.ts";
import { checkRunDirectory } from "../train/run_directory.ts";
import { openRun } from "../train/saved_run.ts";
import { tune, tuningDirectory } from "../train/tune.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { findCheckpoint } from "./checkpoint.ts";
import { type Display, JsonDisplay, QuietDisplay, TextDisplay } from "./display.ts";
import { interruptSignal } from "./interrupt.ts";
import { main } from "./main.ts";
import { limitNetwork } from "./network.ts";
import { chooseOptimizer } from "./optimizer_choice.ts";
import { keptOptions, resumedOptions } from "./resume.ts";
import { limitWriting } from "./writing.ts";

const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

const COMMAND: CommandSpec = {
  name: "train",
  summary: "Trains a GPT-2 on text. Without options: a tiny one on the sample corpus, in minutes.",
  options: {
    data: {
      value: "PATH",
      help: "file, glob, directory or URL of text, or .bin files; repeatable (default data/)",
      repeatable: true,
    },
    preset: { value: "NAME", help: `${PRESET_NAMES.join(", ")} (default tiny)` },
    layers: { value: "N", help: "transformer blocks" },
    heads: { value: "N", help: "attention heads; must divide the width" },
    width: { value: "N", help: "width of the residual stream" },
    context: { value: "N", help: "tokens in a sequence" },
    vocab: {
      value: "KIND",
      help: "full: GPT-2's 50,257 tokens; compact: those that the data uses (default for tiny)",
    },
    "no-bias": { help: "no biases" },
    "no-affine": { help: "no gains and biases in layer norms" },
    optimizer: { value: "NAME", help: "agd, adamw, sgd (default agd)" },
    norm: { value: "NAME", help: "agd: spectral, or frobenius as published (default spectral)" },
    lr: { value: "X", help: "adamw and sgd: peak learning rate (default 0.001 and 0.1)" },
    batch: { value: "N", help: "sequences that go through the model at once (default 8)" },
    accumulate: {
      value: "N",
      help: "batches whose gradients are added up for a step, at no more memory (default 1)",
    },
    precision: {
      value: "NAME",
      help: "f32, or f16 to store activations in 16 bits where the adapter can (default f32)",
    },
    recompute: { help: "compute activations twice instead of keeping them: less memory, slower" },
    steps: {
      value: "N",
      help: "steps (default 250 for tiny and --init-from, else 20 tokens a parameter)",
    },
    tokens: { value: "N", help: "tokens to train on, instead of --steps" },
    seed: { value: "N", help: "same seed, same losses on one adapter (default 0)" },
    out: {
      value: "DIR",
      help: "where to write the run (default runs/ and the time, or what is resumed)",
    },
    resume: {
      value: "DIR",
      help: "go on with a run, or from one of its checkpoints, with its options but those given",
    },
    keep: { value: "N", help: "checkpoints to keep, besides the best one (default 2)" },
    "eval-every": {
      value: "N",
      help: "steps between evaluations, each of which saves (default 100)",
    },
    "eval-batches": { value: "N", help: "validation batches in an evaluation (default 8)" },
    "sample-every": { value: "N", help: "steps between samples (default: one at the end)" },
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
    verbose: { help: "print each step, with norms of gradients, updates and weights" },
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
  const preset = options.choice("preset", PRESET_NAMES) ?? "tiny";
  const data = options.list("data");
  if (data.length === 0) data.push(fromFileUrl(new URL("../../data", import.meta.url)));
  const initFrom = resume ? undefined : options.text("init-from");
  limitNetwork(data, initFrom);
  const skipBad = options.flag("skip-bad");
  const lang = options.text("lang");
  const minTokens = options.integer("min-tokens", { min: 0 });
  const filters = { skipBad, lang, minTokens };
  const shuffle = !options.flag("no-shuffle");
  const seed = options.integer("seed", { min: 0 }) ?? 0;
  const batch = options.integer("batch") ?? 8;
  const accumulate = options.integer("accumulate") ?? 1;
  const recompute = options.flag("recompute");
  const precision = options.choice("precision", ["f32", "f16"]);
  const optimizer = chooseOptimizer(options);
  const architecture = chooseArchitecture(options, preset, resume?.checkpoint ?? initFrom);
  const vocab = options.choice("vocab", ["full", "compact"]) ??
    (preset === "tiny" ? "compact" : "full");
  const chooseSteps = stepsOption(options, preset);
  const out = resume?.out ?? options.text("out") ?? `runs/${timestamp()}`;
  const keep = options.integer("keep");
  const evalEvery = options.integer("eval-every") ?? 100;
  const evalBatches = options.integer("eval-batches", { min: 0 }) ?? 8;
  const sampleEvery = options.integer("sample-every") ?? 0;
  const isDryRun = options.flag("dry-run");
  using display = chooseDisplay(options);

  // What can be wrong comes to light before what takes long.
  let skippedBefore = 0; // in finding what archives hold
  const find = { skipBad, onBad: () => skippedBefore++ };
  const shards = isDryRun && vocab === "full" ? [] : await findShards(data, find);
  const isElsewhere = !resume || resolve(out) !== resolve(resume.directory);
  if (!isDryRun && isElsewhere) await checkRunDirectory(out);
  const isHidden = options.flag("quiet") || options.flag("json");
  const checkpoint = resume?.checkpoint ?? (initFrom && await findCheckpoint(initFrom, isHidden));
  const choices = options.flag("no-autotune") ? undefined : tuningDirectory();
  limitWriting(...isDryRun ? [] : [out, ...choices ? [choices] : []]);
  using gpu = await Gpu.open();
  const sampleTokens = options.flag("quiet") ? 0 : 200;
  const trainer = { batch, accumulate, recompute, precision, optimizer: optimizer.make };
  const memory = { ...trainer, sampleTokens, saves: true };
  const readVocabulary = async (): Promise<Vocabulary> => {
    if (vocab === "full") return fullVocabulary();
    const bytes = shards.reduce((sum, { size = Infinity }) => sum + size, 0);
    if (bytes > LONG_READ) {
      display.tell(
        "vocabulary",
        {},
        "Reading all of the data for the tokens that it uses; --vocab full does without.",
      );
    }
    return (await collectVocabulary(shards, filters)).vocabulary;
  };
  const prepare = async (config: Gpt2Config, vocabulary: Vocabulary): Promise<void> => {
    await checkMemory(gpu, config, vocabulary, memory);
    if (options.flag("no-autotune")) return;
    const measure = () => measureTraining(gpu, config, vocabulary, memory);
    const { measured, left } = await tune(gpu, measure);
    if (measured === 0) return;
    const rest = left > 0 ? `; the next run goes on with ${left} more` : "";
    const text = `Timed the kernels for ${number(measured)} of the matrix products${rest}.`;
    display.tell("autotune", { measured, left }, text);
  };
  const createModel = async (): Promise<Gpt2> => {
    const vocabulary = await readVocabulary();
    const config = { ...architecture, vocabularySize: vocabulary.size };
    await prepare(config, vocabulary);
    const { initialisation } = optimizer;
    return await Gpt2.create(gpu, architecture, { vocabulary, initialisation, seed });
  };
  const loadModel = async (directory: string): Promise<Gpt2> => {
    const model = await loadCheckpoint(gpu, directory);
    await prepare(model.config, model.vocabulary);
    return model;
  };
  if (isDryRun) {
    using loaded = checkpoint === undefined ? undefined : await loadCheckpoint(gpu, checkpoint);
    const vocabulary = loaded?.vocabulary ?? await readVocabulary();
    const config = loaded?.config ?? { ...architecture, vocabularySize: vocabulary.size };
    await dryRun(gpu, config, vocabulary, memory, display);
    return 0;
  }
  using model = checkpoint === undefined ? await createModel() : await loadModel(checkpoint);

  const tokensPerStep = accumulate * batch * model.config.context;
  const steps = chooseSteps(model.parameterCount, tokensPerStep);
  display.tell("start", {
    adapter: gpu.adapterName,
    parameters: model.parameterCount,
    config: model.config,
    optimizer: optimizer.name,
    steps,
    tokens_per_step: tokensPerStep,
    out,
  }, describeRun(model, { optimizer: optimizer.name, steps, tokensPerStep, out }));
  if (resume) {
    const { step } = resume.state;
    const goesOn = `Goes on after step ${number(step)}, from ${resume.checkpoint}.`;
    const data = { step, checkpoint: resume.checkpoint, changes };
    display.tell(
      "resume",
      data,
      [goesOn, ...changes.map((change) => `Changed: ${change}.`)].join("\n"),
    );
  }
  using interrupt = interruptSignal(() => {
    display.tell("stopping", {}, "Stopping after this step; Ctrl-C once more quits at once.");
  });
  const { last, best, skipped: skippedLines, skippedSteps } = await trainToDirectory(model, {
    data: shards,
    shuffle,
    ...filters,
    seed,
    out,
    steps,
    evalEvery,
    evalBatches,
    sampleEvery,
    ...trainer,
    sampleTokens,
    resume,
    keep,
    record: keptOptions(options, steps),
    onNote: (text) => display.tell("note", { text }, text),
    onStep: (event) => display.step(event, steps),
    verbose: options.flag("verbose"),
    onSample: options.flag("quiet") ? undefined : (step, text) => display.sample(step, text),
    onSave: (step) => display.tell("save", { step, out }),
    signal: interrupt.signal,
  });
  const skipped = skippedBefore + skippedLines;
  const step = last?.step ?? resume?.state.step ?? 0;
  const interrupted = interrupt.exitCode !== 0;
  const ending = [
    `${interrupted ? "Stopped after" : "Trained"} ${number(step)} steps.`,
    skippedSteps > 0 ? ` ${number(skippedSteps)} of them were skipped.` : "",
    skipped > 0 ? ` Skipped ${number(skipped)} bad lines.` : "",
    best
      ? ` The best validation loss was ${best.val_loss.toFixed(4)}, at step ${number(best.step)}.`
      : "",
    step > 0 ? ` Saved the model, metrics.jsonl and loss.svg in ${out}; sample from it with\n` : "",
    step > 0 ? `  deno task sample --checkpoint ${out} --prompt "..."` : " Nothing was saved.",
  ];
  const counts = { skipped, skipped_steps: skippedSteps };
  display.tell("end", { step, best, out, interrupted, ...counts }, ending.join(""));
  return interrupt.exitCode;
}

/** Reads `--steps` and `--tokens`; the number of steps depends on the model's size too. */
function stepsOption(options: Arguments, preset: PresetName) {
  const steps = options.integer("steps");
  const tokens = options.integer("tokens");
  if (steps !== undefined && tokens !== undefined) {
    throw new UsageError("--steps and --tokens say the same: give one of them");
  }
  return (parameterCount: number, tokensPerStep: number): number => {
    if (steps !== undefined) return steps;
    if (tokens === undefined && preset === "tiny") return 250;
    return Math.ceil((tokens ?? 20 * parameterCount) / tokensPerStep);
  };
}

function describeRun(
  { gpu, config, parameterCount }: Gpt2,
  { optimizer, steps, tokensPerStep, out }: {
    optimizer: string;
    steps: number;
    tokensPerStep: number;
    out: string;
  },
): string {
  const { layers, heads, width, context, vocabularySize } = config;
  return `GPT-2 with ${number(parameterCount)} parameters: layers ${layers}, heads ${heads}, ` +
    `width ${width}, context ${context}, vocabulary ${number(vocabularySize)}\n` +
    `${number(steps)} steps of ${number(tokensPerStep)} tokens with ${optimizer} on ` +
    `${gpu.adapterName}, to ${out}`;
}

/** Bytes of data that take more than seconds to read. */
const LONG_READ = 50e6;

const ARCHITECTURE = ["layers", "heads", "width", "context"] as const;

/** The preset with single overrides; a checkpoint brings its own. */
function chooseArchitecture(
  options: Arguments,
  preset: PresetName,
  checkpoint: string | undefined,
): Omit<Gpt2Config, "vocabularySize"> {
  if (checkpoint !== undefined) {
    const given = ["preset", ...ARCHITECTURE, "vocab"].find((name) => options.text(name)) ??
      ["no-bias", "no-affine"].find((name) => options.flag(name));
    if (given) throw new UsageError(`--${given} cannot go with --init-from, which decides it`);
  }
  const architecture = {
    ...PRESETS[preset],
    bias: !options.flag("no-bias"),
    affine: !options.flag("no-affine"),
  };
  for (const name of ARCHITECTURE) {
    Object.assign(architecture, { [name]: options.integer(name) ?? architecture[name] });
  }
  checkConfig({ ...architecture, vocabularySize: 1 });
  return architecture;
}

/** @throws {UserError} If the adapter cannot hold it, after saying the rest. */
async function dryRun(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  trainer: MeasureOptions,
  display: Display,
): Promise<void> {
  const parameters = parameterCount(config);
  const adapter = gpu.adapterName;
  const { bytes, hostBytes } = measureTraining(gpu, config, vocabulary, trainer);
  let reason: UserError | undefined;
  try {
    await checkMemory(gpu, config, vocabulary, trainer);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    reason = error;
  }
  const recompute = trainer.recompute ? " --recompute" : "";
  const binary = (bytes: number) => formatBytes(bytes, { binary: true });
  const text = [
    `parameters  ${parameters.toLocaleString("en")}`,
    `memory      ${binary(bytes)} with --batch ${trainer.batch}${recompute}`,
    `host        ${binary(hostBytes)} more while a checkpoint is written`,
    `adapter     ${adapter}: ${reason ? "cannot hold it" : "holds it"}`,
  ].join("\n");
  const memory = { memory: bytes, host_memory: hostBytes };
  const data = { adapter, parameters, ...memory, fits: !reason, reason: reason?.message };
  display.tell("dry-run", data, text);
  if (reason) throw reason;
}

function chooseDisplay(options: Arguments): Display {
  if (options.flag("quiet") && options.flag("json")) {
    throw new UsageError("--quiet and --json exclude each other");
  }
  const verbose = options.flag("verbose");
  if (options.flag("quiet") && verbose) {
    throw new UsageError("--quiet and --verbose exclude each other");
  }
  if (options.flag("json")) return new JsonDisplay();
  return options.flag("quiet") ? new QuietDisplay() : new TextDisplay({ verbose });
}

function number(value: number): string {
  return value.toLocaleString("en");
}

/** The time as a directory's name, e.g. 2026-01-31T09-30-00. */
function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(":", "-");
}

if (import.meta.main) await main(COMMAND, trainCommand);
