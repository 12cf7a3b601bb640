/** `deno task compare`: trains the same model with several optimisers. */
import { UsageError } from "../errors.ts";
import { type Axes, cellsOf, type Length } from "../compare/cell.ts";
import { compare } from "../compare/compare.ts";
import {
  type AdamWForms,
  adamwGrids,
  agdWith,
  type Grid,
  hasRate,
  nameOf,
} from "../compare/contender.ts";
import { writeComparison } from "../compare/files.ts";
import {
  ADAMW,
  ADAMW_NATURAL,
  AGD,
  AMUSE,
  COMPARE_PRESETS,
  type ComparePreset,
  MUON,
  PUBLISHED,
  SCHEDULE_FREE_PLUS,
  SF_MUON,
  SGD,
} from "../compare/presets.ts";
import { RunStore } from "../compare/store.ts";
import { tune, tuningDirectory } from "../train/tune.ts";
import { parseAgdVariant } from "./agd_variant.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { CompareDisplay } from "./compare_display.ts";
import { interruptSignal } from "./interrupt.ts";
import { Gpu } from "../gpu/gpu.ts";
import { DEVICE, deviceOption } from "./device.ts";
import { main, type Start } from "./main.ts";
import { limitNetwork } from "./network.ts";
import { readLength } from "./run_length.ts";
import { refuseInput } from "./standard_input.ts";
import { limitWriting } from "./writing.ts";

const PRESET_NAMES = Object.keys(COMPARE_PRESETS) as (keyof typeof COMPARE_PRESETS)[];

const GRIDS: readonly Grid[] = [
  ...[ADAMW, MUON, SF_MUON, AMUSE],
  ...SCHEDULE_FREE_PLUS,
  ...[SGD, ADAMW_NATURAL],
];
const GRID_NAMES: readonly string[] = [...new Set(GRIDS.map(gridName))];
/** Those whose learning rates can be given. */
const RATED = [...new Set(GRIDS.filter(hasRate).map(({ optimizer }) => optimizer))];
/** What else can be given of AdamW. */
const ADAMW_OPTIONS = ["adamw-beta2", "adamw-weight-decay", "adamw-decay", "adamw-horizon"];

const COMMAND: CommandSpec = {
  name: "compare",
  summary:
    "Trains the same model from the same seed on the same batches with AGD, and with AdamW, Muon and\n" +
    "SGD over grids of learning rates, and writes tables and curves. Options marked * take a list,\n" +
    "e.g. --width 64,128, whose first value is the base. Runs that are finished are not made again.",
  options: {
    preset: { value: "NAME", help: `${PRESET_NAMES.join(", ")} (default quick)` },
    data: {
      value: "PATH",
      help:
        "file, glob, directory, URL or hf://datasets/owner/name; each one given is a corpus of its " +
        "own (default data/)",
      repeatable: true,
    },
    vocab: { value: "KIND", help: "* compact, full", repeatable: true },
    layers: { value: "N", help: "* transformer blocks", repeatable: true },
    heads: { value: "N", help: "* attention heads; must divide the width", repeatable: true },
    width: { value: "N", help: "* width of the residual stream", repeatable: true },
    context: { value: "N", help: "* tokens in a sequence", repeatable: true },
    batch: { value: "N", help: "* sequences in a batch", repeatable: true },
    bias: { value: "on|off", help: "* whether biases are trained", repeatable: true },
    affine: {
      value: "on|off",
      help: "* whether gains and biases of layer norms are trained",
      repeatable: true,
    },
    tokens: { value: "N", help: "tokens of a run" },
    steps: { value: "N", help: "steps of a run, instead of --tokens" },
    minutes: {
      value: "N",
      help: "minutes of a run, instead of --tokens; with it, or --steps, what is first",
    },
    hours: { value: "N", help: "the same in hours" },
    seeds: { value: "N", help: "* seeds of the initial weights and the data", repeatable: true },
    optimizer: {
      value: "NAME",
      help:
        "* agd, published (AGD), adamw, muon, sf-muon, amuse, schedulefree+, sgd, adamw-natural " +
        "(AdamW from AGD's weights)",
      repeatable: true,
    },
    agd: {
      value: "SETTINGS",
      help: "a variant of AGD to try too, e.g. momentum=0.95,nesterov=false; repeatable",
      repeatable: true,
    },
    ...Object.fromEntries(RATED.map((name) => [
      `${name}-lr`,
      { value: "X", help: "* learning rates to try first", repeatable: true },
    ])),
    "adamw-beta2": {
      value: "X",
      help: "* decays of AdamW's squares, a grid each (default 0.95,0.999; quick, gpt2: 0.95)",
      repeatable: true,
    },
    "adamw-weight-decay": {
      value: "X",
      help: "* decays of AdamW's matrices, a grid each (default 0.1; long: 0.1,0)",
      repeatable: true,
    },
    "adamw-decay": {
      value: "HOW",
      help:
        "* how AdamW's rate comes down, a grid each: cosine (to a tenth), linear (to zero) (default " +
        "cosine; long: both)",
      repeatable: true,
    },
    "adamw-horizon": {
      value: "N",
      help:
        "* steps that AdamW's rate is planned for, a grid each, whatever those of a run are (default " +
        "those)",
      repeatable: true,
    },
    extend: {
      value: "N",
      help: "rates to add by a factor of 3 while the best is at an end of the grid (default 2)",
    },
    evaluations: { value: "N", help: "evaluations in a run, at most (default 10; long: 64)" },
    "eval-tokens": { value: "N", help: "tokens of an evaluation, at least (default 8192)" },
    out: { value: "DIR", help: "where to write (default runs/compare- and the preset)" },
    "no-autotune": { help: "do not measure which kernels are the fastest on this adapter" },
    device: DEVICE,
    quiet: { help: "print only the tables" },
    json: { help: "print one JSON object a line instead" },
  },
  examples: [
    "",
    "--width 64,128 --layers 2,4 --seeds 0,1,2 --out runs/sizes",
    "--preset cells --data novel.txt",
  ],
};

async function compareCommand(options: Arguments): Promise<number> {
  const name = options.choice("preset", PRESET_NAMES) ?? "quick";
  const preset: ComparePreset = COMPARE_PRESETS[name];
  const axes = chooseAxes(options, preset);
  const cells = cellsOf(axes, preset.sweep, chooseLength(options, preset));
  const seeds = integers(options, "seeds", 0) ?? preset.seeds;
  const optimizers = chooseOptimizers(options, preset);
  const extensions = options.integer("extend", { min: 0 }) ?? 2;
  const evaluations = options.integer("evaluations") ?? preset.evaluations ?? 10;
  const validationTokens = options.integer("eval-tokens") ?? 8192;
  const out = options.text("out") ?? `runs/compare-${name}`;
  if (options.flag("quiet") && options.flag("json")) {
    throw new UsageError("--quiet and --json exclude each other");
  }
  const device = deviceOption(options);
  refuseInput(axes.data, "compare");
  limitNetwork(axes.data);
  const kernels = tuningDirectory();
  limitWriting(out, ...kernels ? [kernels] : []);

  using store = await RunStore.open(out);
  using gpu = await Gpu.open(device);
  const kind = options.flag("json") ? "json" : options.flag("quiet") ? "quiet" : "text";
  using display = new CompareDisplay(kind, gpu.adapterName, out);
  using interrupt = interruptSignal(() => display.stopping());
  if (store.outdated > 0) display.outdated(store.outdated);
  let text = "";
  await compare(gpu, store, {
    ...{ cells, seeds, ...optimizers, extensions, evaluations, validationTokens },
    signal: interrupt.signal,
    onStart: (progress) => display.start(progress, cells),
    onCell: async (build) => {
      if (options.flag("no-autotune")) return;
      const { measured, left } = await tune(gpu, build);
      if (measured > 0) display.tuned(measured, left);
    },
    onRun: (run, progress) => display.begin(run, progress),
    onCompile: (done, kernels) => display.compiling(done, kernels),
    onStep: (event) => display.step(event),
    onRecord: async (record, run, progress) => {
      if (run.isDone) return;
      text = await writeComparison(out, store.records);
      display.record(record, run, progress);
    },
    onExtend: (cell, contender) => display.extend(cell, contender),
  });
  if (store.records.length > 0) text = await writeComparison(out, store.records);
  display.end(text, interrupt.exitCode !== 0);
  return interrupt.exitCode;
}

function chooseAxes(options: Arguments, { axes }: ComparePreset): Axes {
  const given: Partial<Axes> = {
    vocabulary: choices(options, "vocab", ["compact", "full"]),
    bias: choices(options, "bias", ["on", "off"])?.map((value) => value === "on"),
    affine: choices(options, "affine", ["on", "off"])?.map((value) => value === "on"),
  };
  for (const name of ["layers", "heads", "width", "context", "batch"] as const) {
    given[name] = integers(options, name);
  }
  const data = options.list("data");
  if (data.length > 0) given.data = [...new Set(data)];
  const isGiven = ([, value]: [string, unknown]) => value !== undefined;
  return { ...axes, ...Object.fromEntries(Object.entries(given).filter(isGiven)) };
}

function chooseLength(options: Arguments, { tokens }: ComparePreset): Length {
  const length = readLength(options);
  return Object.values(length).some((value) => value !== undefined) ? length : { tokens };
}

function chooseOptimizers(
  options: Arguments,
  preset: ComparePreset,
): Pick<ComparePreset, "contenders" | "grids"> {
  const names = choices(options, "optimizer", ["agd", "published", ...GRID_NAMES]);
  const contenders = names
    ? [...(names.includes("agd") ? [AGD] : []), ...(names.includes("published") ? [PUBLISHED] : [])]
    : preset.contenders;
  const variants = options.list("agd").map((text) => agdWith(parseAgdVariant(text)));
  const named = new Map([...contenders, ...variants].map((each) => [nameOf(each), each]));
  // A preset's own grids take the place of the usual ones.
  const own = new Set(preset.grids.map(gridName));
  const all = [...GRIDS.filter((grid) => !own.has(gridName(grid))), ...preset.grids];
  const grids = names ? all.filter((grid) => names.includes(gridName(grid))) : preset.grids;
  const check = (name: string, optimizer: string, tried: readonly string[]) => {
    if (tried.includes(optimizer) || options.list(name).length === 0) return;
    throw new UsageError(`--${name}: ${optimizer} is not tried; name it in --optimizer`);
  };
  for (const name of RATED) check(`${name}-lr`, name, grids.map(({ optimizer }) => optimizer));
  for (const name of ADAMW_OPTIONS) check(name, "adamw", grids.map(gridName));
  return {
    contenders: [...named.values()],
    grids: grids.flatMap((grid) => {
      if (!hasRate(grid)) return [grid];
      const learningRates = rates(options, `${grid.optimizer}-lr`) ?? grid.learningRates;
      if (gridName(grid) !== "adamw") return [{ ...grid, learningRates }];
      return adamwGrids(chooseAdamWForms(options, preset), learningRates);
    }),
  };
}

function chooseAdamWForms(options: Arguments, { adamwForms }: ComparePreset): AdamWForms {
  return {
    beta2: decays(options, "adamw-beta2") ?? adamwForms.beta2,
    weightDecay: decays(options, "adamw-weight-decay") ?? adamwForms.weightDecay,
    decay: choices(options, "adamw-decay", ["cosine", "linear"]) ?? adamwForms.decay,
    horizon: integers(options, "adamw-horizon"),
  };
}

/** What --optimizer calls a grid. */
function gridName({ optimizer, initialisation }: Grid): string {
  return initialisation ? "adamw-natural" : optimizer;
}

/** The values of a list option without repetitions; undefined if it was not given. */
function values<Value>(
  options: Arguments,
  name: string,
  read: (text: string) => Value,
): Value[] | undefined {
  const texts = options.list(name).flatMap((text) => text.split(","));
  return texts.length > 0 ? [...new Set(texts.map((text) => read(text.trim())))] : undefined;
}

function integers(options: Arguments, name: string, min = 1): number[] | undefined {
  return values(options, name, (text) => {
    const value = Number(text);
    if (text !== "" && Number.isSafeInteger(value) && value >= min) return value;
    throw new UsageError(`--${name} must be integers of ${min} or more, not '${text}'`);
  });
}

function rates(options: Arguments, name: string): number[] | undefined {
  return values(options, name, (text) => {
    const value = Number(text);
    if (Number.isFinite(value) && value > 0) return value;
    throw new UsageError(`--${name} must be numbers above 0, not '${text}'`);
  });
}

function decays(options: Arguments, name: string): number[] | undefined {
  return values(options, name, (text) => {
    const value = Number(text);
    if (text !== "" && value >= 0 && value < 1) return value;
    throw new UsageError(`--${name} must be numbers of at least 0 and below 1, not '${text}'`);
  });
}

function choices<Choice extends string>(
  options: Arguments,
  name: string,
  allowed: readonly Choice[],
): Choice[] | undefined {
  return values(options, name, (text) => {
    const found = allowed.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw new UsageError(`--${name} must be of ${allowed.join(", ")}, not '${text}'`);
  });
}

/** Runs the command. */
export const start: Start = (args) => main(COMMAND, compareCommand, { args });

if (import.meta.main) await start();
