/** `deno task train`: trains a GPT-2 on text. */
import { format as formatBytes } from "@std/fmt/bytes";
import { fromFileUrl } from "@std/path";
import { UsageError } from "../errors.ts";
import { collectVocabulary } from "../data/token_stream.ts";
import { fullVocabulary, type Vocabulary } from "../data/vocabulary.ts";
import { Gpu } from "../gpu/gpu.ts";
import { loadCheckpoint } from "../model/checkpoint.ts";
import { checkConfig, type Gpt2Config, type PresetName, PRESETS } from "../model/config.ts";
import { Gpt2 } from "../model/gpt2.ts";
import type { Initialisation } from "../model/initialise.ts";
import { parameterCount } from "../model/parameters.ts";
import { AdamW } from "../optim/adamw.ts";
import { Agd } from "../optim/agd.ts";
import type { Optimizer, OptimizerTarget } from "../optim/optimizer.ts";
import { Sgd } from "../optim/sgd.ts";
import { canAllocate, trainingBytes } from "../train/dry_run.ts";
import { run } from "../train/run.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { type Display, JsonDisplay, QuietDisplay, TextDisplay } from "./display.ts";
import { interruptSignal } from "./interrupt.ts";
import { main } from "./main.ts";

const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

const COMMAND: CommandSpec = {
  name: "train",
  summary: "Trains a GPT-2 on text. Without options: a tiny one on the sample corpus, in minutes.",
  options: {
    data: {
      value: "PATH",
      help: "file, glob or directory of .jsonl.zst, .jsonl, .txt; repeatable (default data/)",
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
    batch: { value: "N", help: "sequences in a batch (default 8)" },
    steps: { value: "N", help: "steps (default 300 for tiny, else 20 tokens a parameter)" },
    tokens: { value: "N", help: "tokens to train on, instead of --steps" },
    seed: { value: "N", help: "same seed, same losses on one adapter (default 0)" },
    out: { value: "DIR", help: "where to write the run (default runs/ and the time)" },
    "eval-every": {
      value: "N",
      help: "steps between evaluations, each of which saves (default 100)",
    },
    "eval-batches": { value: "N", help: "validation batches in an evaluation (default 8)" },
    "sample-every": { value: "N", help: "steps between samples (default: one at the end)" },
    "init-from": { value: "DIR", help: "start from a checkpoint; it decides the architecture" },
    "skip-bad": { help: "count and skip lines that cannot be read, instead of stopping" },
    "dry-run": { help: "print parameters and memory, and whether the adapter can hold them" },
    quiet: { help: "print only how it ended" },
    json: { help: "print one JSON object a line instead of the display" },
  },
};

async function trainCommand(options: Arguments): Promise<number> {
  const preset = options.choice("preset", PRESET_NAMES) ?? "tiny";
  const data = options.list("data");
  if (data.length === 0) data.push(fromFileUrl(new URL("../../data", import.meta.url)));
  const skipBad = options.flag("skip-bad");
  const seed = options.integer("seed", { min: 0 }) ?? 0;
  const batch = options.integer("batch") ?? 8;
  const optimizer = chooseOptimizer(options);
  const checkpoint = options.text("init-from");
  const architecture = chooseArchitecture(options, preset, checkpoint);
  const vocab = options.choice("vocab", ["full", "compact"]);
  if (options.integer("steps") && options.integer("tokens")) {
    throw new UsageError("--steps and --tokens say the same: give one of them");
  }
  if (options.flag("quiet") && options.flag("json")) {
    throw new UsageError("--quiet and --json exclude each other");
  }

  using gpu = await Gpu.open();
  const readVocabulary = async (): Promise<Vocabulary> => {
    const compact = vocab ? vocab === "compact" : preset === "tiny";
    return compact ? (await collectVocabulary(data, { skipBad })).vocabulary : fullVocabulary();
  };
  if (options.flag("dry-run")) {
    const vocabulary = await readVocabulary();
    const config = { ...architecture, vocabularySize: vocabulary.size };
    return await dryRun(gpu, config, vocabulary, { batch, optimizer: optimizer.make });
  }

  using model = checkpoint
    ? await loadCheckpoint(gpu, checkpoint)
    : await Gpt2.create(gpu, architecture, {
      ...{ vocabulary: await readVocabulary(), initialisation: optimizer.initialisation, seed },
    });
  const perStep = batch * model.config.context;
  const tokens = options.integer("tokens");
  const steps = options.integer("steps") ??
    (tokens === undefined && preset === "tiny"
      ? 300
      : Math.ceil((tokens ?? 20 * model.parameterCount) / perStep));
  const out = options.text("out") ?? `runs/${timestamp()}`;

  const display = chooseDisplay(options, steps);
  const parameters = model.parameterCount;
  const { layers, heads, width, context, vocabularySize } = model.config;
  display.info(
    "start",
    `${gpu.adapterName}\nGPT-2 with ${parameters.toLocaleString("en")} parameters: ` +
      `${layers} layers, ${heads} heads, width ${width}, context ${context}, ` +
      `${vocabularySize.toLocaleString("en")} tokens; ${steps} steps of ` +
      `${perStep.toLocaleString("en")} tokens with ${optimizer.name}`,
    {
      ...{ adapter: gpu.adapterName, parameters, steps, tokens_per_step: perStep, out },
      ...{ config: model.config, optimizer: optimizer.name },
    },
  );
  using interrupt = interruptSignal(() => {
    display.info("stopping", "Stopping after this step; once more to quit at once.", {});
  });
  const { last, skipped } = await run(model, {
    ...{ data, skipBad, out, batch, steps, seed, optimizer: optimizer.make },
    evalEvery: options.integer("eval-every") ?? 100,
    evalBatches: options.integer("eval-batches", { min: 0 }) ?? 8,
    sampleEvery: options.integer("sample-every") ?? 0,
    sampleTokens: 200,
    onStep: (event) => display.step(event),
    onSample: (step, text) => display.sample(step, text),
    onSave: (step, directory) => display.info("save", `Saved ${directory}`, { step, directory }),
    signal: interrupt.signal,
  });
  if (skipped > 0) display.info("skipped", `Skipped ${skipped} bad lines.`, { lines: skipped });
  const verb = interrupt.exitCode === 0 ? "Trained" : "Stopped after";
  display.info(
    "end",
    `${verb} ${last?.step ?? 0} steps: ${out} holds the model, metrics.jsonl and loss.svg.\n` +
      `deno task sample --checkpoint ${out} --prompt "..."`,
    { step: last?.step ?? 0, out, interrupted: interrupt.exitCode !== 0 },
  );
  return interrupt.exitCode;
}

interface OptimizerChoice {
  name: string;
  initialisation: Initialisation;
  make: (target: OptimizerTarget) => Optimizer;
}

function chooseOptimizer(options: Arguments): OptimizerChoice {
  const name = options.choice("optimizer", ["agd", "adamw", "sgd"]) ?? "agd";
  const norm = options.choice("norm", ["spectral", "frobenius"]);
  const learningRate = options.number("lr");
  if (name === "agd") {
    if (learningRate !== undefined) {
      throw new UsageError(
        "--lr is for adamw and sgd: agd derives its step size from the architecture and the gradient",
      );
    }
    return {
      name: norm === "frobenius" ? "AGD, Frobenius norm" : "AGD",
      initialisation: norm === "frobenius" ? "orthogonal" : "natural",
      make: (target) => new Agd(target, { norm }),
    };
  }
  if (norm !== undefined) throw new UsageError(`--norm is for agd, not ${name}`);
  if (learningRate !== undefined && learningRate <= 0) {
    throw new UsageError(`--lr must be above 0, not ${learningRate}`);
  }
  return name === "adamw"
    ? {
      ...{ name: "AdamW", initialisation: "normal" },
      make: (target) => new AdamW(target, { learningRate: learningRate ?? 1e-3 }),
    }
    : {
      ...{ name: "SGD", initialisation: "normal" },
      make: (target) => new Sgd(target, { learningRate: learningRate ?? 0.1 }),
    };
}

const ARCHITECTURE = ["layers", "heads", "width", "context"] as const;

/** The preset with single overrides; a checkpoint brings its own. */
function chooseArchitecture(
  options: Arguments,
  preset: PresetName,
  checkpoint: string | undefined,
): Omit<Gpt2Config, "vocabularySize"> {
  if (checkpoint !== undefined) {
    const given = ["preset", ...ARCHITECTURE, "vocab"].find((name) => options.text(name)) ??
      ["no-bias", "no-affine", "dry-run"].find((name) => options.flag(name));
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

async function dryRun(
  gpu: Gpu,
  config: Gpt2Config,
  vocabulary: Vocabulary,
  trainer: Parameters<typeof trainingBytes>[3],
): Promise<number> {
  const bytes = trainingBytes(gpu, config, vocabulary, trainer);
  const fits = await canAllocate(gpu, bytes);
  console.log(`parameters  ${parameterCount(config).toLocaleString("en")}`);
  console.log(
    `memory      ${formatBytes(bytes, { binary: true })} for a batch of ${trainer.batch}`,
  );
  console.log(`adapter     ${gpu.adapterName}: ${fits ? "holds it" : "cannot hold it"}`);
  return fits ? 0 : 1;
}

function chooseDisplay(options: Arguments, steps: number): Display {
  if (options.flag("json")) return new JsonDisplay();
  return options.flag("quiet") ? new QuietDisplay() : new TextDisplay(steps);
}

/** The time as a directory's name, e.g. 2026-01-31T09-30-00. */
function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(":", "-");
}

if (import.meta.main) await main(COMMAND, trainCommand);
