/** The tables of what the presets take: memory as the code would allocate it, and time by FLOPs. */
import { roughTime } from "../src/cli/rough_time.ts";
import { Gpu } from "../src/gpu/gpu.ts";
import { FULL_VOCABULARY_SIZE, type PresetName, PRESETS } from "../src/model/config.ts";
import { Gpt2 } from "../src/model/gpt2.ts";
import { parameterCount, parameterTable } from "../src/model/parameters.ts";
import { allocateLike } from "../src/model/weights.ts";
import { Agd } from "../src/optim/agd/agd.ts";
import type { OptimizerTarget } from "../src/optim/optimizer.ts";
import { fullVocabulary } from "../src/tokens/vocabulary.ts";
import { measureTraining } from "../src/train/memory.ts";
import { Trainer } from "../src/train/trainer.ts";
import { trainingFlops } from "./formulas.ts";
import { markdownTable } from "./result.ts";
import { sum } from "./statistics.ts";

const NAMES = (["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"] as const) satisfies PresetName[];

/** Memory that GPUs come with, in GiB; a tenth of it is left to others. */
const SIZES = [4, 6, 8, 12, 16, 24, 32, 48, 80];
const USABLE = 0.9;
/** Larger batches are not told of. */
const MOST_BATCH = 64;

/** GFLOP/s that times are told for. */
const SPEEDS = [100, 1000, 10_000];
/** The default batch of `train`, and its tokens for each parameter. */
const BATCH = 8;
const TOKENS_PER_PARAMETER = 20;

const GIB = 2 ** 30;

/** What a preset takes, in bytes. */
interface Memory {
  name: PresetName;
  /** With a batch of 1 and what each more adds, as it is and with `--recompute`. */
  plain: { one: number; more: number };
  recomputed: { one: number; more: number };
  host: number;
}

const optimizer = (target: OptimizerTarget) => new Agd(target);

/** GPT-2's sizes with their own vocabulary. */
function configOf(name: PresetName) {
  return { ...PRESETS[name], vocabularySize: FULL_VOCABULARY_SIZE, bias: true, affine: true };
}

/** Opens a device that measures as any GPU: the software driver's textures are left out. */
async function openLikeGpu(): Promise<Gpu> {
  const gpu = await Gpu.open({ maxBindingBytes: 2 ** 27 });
  return Object.assign(gpu, { isSoftware: false, readsTexels: false });
}

function memoryOf(gpu: Gpu, name: PresetName): Memory {
  const measure = (batch: number, recompute: boolean) =>
    measureTraining(gpu, configOf(name), fullVocabulary(), {
      ...{ batch, recompute, optimizer, saves: true, sampleTokens: 200 },
    });
  const line = (recompute: boolean) => {
    const one = measure(1, recompute).bytes;
    return { one, more: measure(2, recompute).bytes - one };
  };
  const { hostBytes } = measure(1, false);
  return { name, plain: line(false), recomputed: line(true), host: hostBytes };
}

/** In GiB what each preset takes. */
function memoryTable(memories: readonly Memory[]): string {
  const gib = (bytes: number) => (bytes / GIB).toFixed(2);
  return markdownTable(memories.map(({ name, plain, recomputed, host }) => ({
    name: `\`${name}\``,
    "batch of 1": gib(plain.one),
    "each more": gib(plain.more),
    "`--recompute`, batch of 1": gib(recomputed.one),
    "each more with it": gib(recomputed.more),
    host: gib(host),
  })));
}

/** The largest batches that fit a GPU, without and with `--recompute`. */
function batchesTable(memories: readonly Memory[]): string {
  return markdownTable(SIZES.map((size) => {
    const largest = ({ one, more }: Memory["plain"]) =>
      Math.max(0, Math.floor((USABLE * size * GIB - one) / more) + 1);
    const text = (batch: number) => batch > MOST_BATCH ? `${MOST_BATCH}+` : String(batch);
    const columns = memories.map(({ name, plain, recomputed }) => {
      const [without, with_] = [largest(plain), largest(recomputed)];
      return [`\`${name}\``, with_ === 0 ? "—" : `${text(without)}, ${text(with_)}`];
    });
    return { name: `${size} GiB`, ...Object.fromEntries(columns) };
  }));
}

/** Arithmetic operations of AGD's step of a preset, as its kernels do them. */
function optimizerWork(gpu: Gpu, name: PresetName): number {
  const config = configOf(name);
  let work = 0;
  gpu.measure(() => {
    const weights = allocateLike(gpu, parameterTable(config), "weight");
    const model = new Gpt2(gpu, config, fullVocabulary(), weights);
    const sections = new Trainer(model, { batch: 1, optimizer }).work;
    work = sum(["", "polar factors"].map((section) => sections.get(section) ?? 0));
  });
  return work;
}

/** What a step and a run of each preset take at some speeds, by FLOPs. */
function timesTable(gpu: Gpu): string {
  return markdownTable(NAMES.map((name) => {
    const config = configOf(name);
    const tokens = BATCH * config.context;
    const steps = TOKENS_PER_PARAMETER * parameterCount(config) / tokens;
    const flops = [trainingFlops(config) * tokens, optimizerWork(gpu, name)];
    const speeds = SPEEDS.map((speed) => {
      const seconds = sum(flops) / (1e9 * speed);
      const title = `at ${speed.toLocaleString("en")} GFLOP/s`;
      return [title, `${roughTime(seconds)}; ${roughTime(steps * seconds)}`];
    });
    return {
      name: `\`${name}\``,
      "million parameters": parameterCount(config) / 1e6,
      "TFLOP a step": flops[0] / 1e12,
      "and AGD's": flops[1] / 1e12,
      "billion tokens a run": steps * tokens / 1e9,
      ...Object.fromEntries(speeds),
    };
  }));
}

/** The tables by name. */
export async function presetTables(): Promise<Record<"memory" | "batches" | "times", string>> {
  using gpu = await openLikeGpu();
  const memories = NAMES.map((name) => memoryOf(gpu, name));
  return {
    memory: memoryTable(memories),
    batches: batchesTable(memories),
    times: timesTable(gpu),
  };
}
