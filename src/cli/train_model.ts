import type { Shard } from "../data/files/shard.ts";
import { collectVocabulary } from "../data/token_stream.ts";
import { fullVocabulary, type Vocabulary } from "../tokens/vocabulary.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { loadCheckpoint } from "../checkpoint/checkpoint.ts";
import type { Gpt2Config } from "../model/config.ts";
import { Gpt2 } from "../model/gpt2.ts";
import { checkMemory } from "../train/check_memory.ts";
import { type MeasureOptions, measureTraining } from "../train/memory.ts";
import { tune, type TuneResult } from "../train/tune.ts";
import type { Display } from "./display.ts";
import { dryRun } from "./dry_run.ts";
import type { TrainSettings } from "./train_settings.ts";

/** Bytes of data that take more than seconds to read. */
const LONG_READ = 50e6;

/** When to tune. */
type InTurn = (tune: () => Promise<TuneResult>) => Promise<TuneResult>;

/** What a run's model is made of. */
export interface ModelSources {
  /** The options. */
  settings: TrainSettings;
  /** Where a compact vocabulary is read from. */
  shards: readonly Shard[];
  /** The directory that the model is loaded from. @default a new model */
  checkpoint?: string;
  /** What the run takes. */
  memory: MeasureOptions;
}

/**
 * Loads or makes a run's model, once it is sure that the adapter can hold the run, and times the
 * kernels that it needs.
 *
 * @param inTurn Makes processes of one host tune one after the other. @default there is one
 * @throws {UserError} If the data or the checkpoint is bad, or the adapter cannot hold it.
 */
export async function openModel(
  gpu: Gpu,
  sources: ModelSources,
  display: Display,
  inTurn: InTurn = (tune) => tune(),
): Promise<Gpt2> {
  const { settings: { architecture, optimizer, seed }, checkpoint } = sources;
  if (checkpoint !== undefined) {
    const model = await loadCheckpoint(gpu, checkpoint);
    await checkAndTune(gpu, model, sources, display, inTurn);
    return model;
  }
  const vocabulary = await readVocabulary(sources, display);
  const config = { ...architecture, vocabularySize: vocabulary.size };
  await checkAndTune(gpu, { config, vocabulary }, sources, display, inTurn);
  const { initialisation } = optimizer;
  return await Gpt2.create(gpu, architecture, { vocabulary, initialisation, seed });
}

/**
 * Tells what a run would take.
 *
 * @throws {UserError} As {@linkcode openModel}.
 */
export async function measureModel(
  gpu: Gpu,
  sources: ModelSources,
  display: Display,
): Promise<void> {
  const { settings: { architecture }, checkpoint } = sources;
  using loaded = checkpoint === undefined ? undefined : await loadCheckpoint(gpu, checkpoint);
  const vocabulary = loaded?.vocabulary ?? await readVocabulary(sources, display);
  const config = loaded?.config ?? { ...architecture, vocabularySize: vocabulary.size };
  await dryRun(gpu, config, vocabulary, sources, display);
}

async function readVocabulary(
  { settings: { vocab, filters }, shards }: ModelSources,
  display: Display,
): Promise<Vocabulary> {
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
}

/** Makes sure of the memory, and chooses kernels. */
async function checkAndTune(
  gpu: Gpu,
  { config, vocabulary }: { config: Gpt2Config; vocabulary: Vocabulary },
  { settings: { autotunes }, memory }: ModelSources,
  display: Display,
  inTurn: InTurn,
): Promise<void> {
  await checkMemory(gpu, config, vocabulary, memory);
  if (!autotunes) return;
  const { measured, left } = await inTurn(() =>
    tune(gpu, () => measureTraining(gpu, config, vocabulary, memory))
  );
  if (measured === 0) return;
  const rest = left > 0 ? `; the next run goes on with ${left} more` : "";
  const text = `Timed the kernels for ${
    measured.toLocaleString("en")
  } of the matrix products${rest}.`;
  display.tell("autotune", { measured, left }, text);
}
