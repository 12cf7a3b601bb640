import { UserError } from "../errors.ts";
import { createText } from "../files/create_file.ts";
import { fileError } from "../files/file_error.ts";
import { isObject } from "../json.ts";
import type { DataPosition } from "../data/mixture.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { openSafetensors, writeSafetensors } from "../checkpoint/safetensors.ts";
import { readText } from "../files/read_file.ts";
import { presentKind } from "../optim/agd/options.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { stateTensors } from "../train/state_tensors.ts";

/** What a run needs to go on from a checkpoint, besides tensors. */
export interface TrainingState {
  /** Steps done. */
  step: number;
  /** Tokens trained on. */
  tokens: number;
  /** Seconds of training; a checkpoint of an earlier version does not say. */
  seconds?: number;
  /** The {@linkcode Optimizer}'s kind. */
  optimizer: string;
  /** The step with the lowest validation loss among the saved ones, if any was measured. */
  best: BestStep | null;
  /** What identifies the validation batches that the best step was found with, if there were any. */
  validation: string | null;
  /** Where in the data the model is. */
  data_position: DataPosition;
  /** What the caller asked to keep; see {@linkcode RunOptions}. */
  options: Record<string, unknown>;
}

/** A step, and its validation loss in nats per token. */
export interface BestStep {
  /** Steps done. */
  step: number;
  /** Validation loss in nats per token. */
  val_loss: number;
}

const STATE = "training_state.json";
const TENSORS = "training_state.safetensors";

/** Which of a checkpoint's files are for going on only. */
export function isTrainingState(name: string): boolean {
  return name === STATE || name === TENSORS;
}

/**
 * Writes `training_state.json` and, if there are tensors, `training_state.safetensors`.
 *
 * @throws {UserError} If they cannot be written.
 */
export async function writeTrainingState(
  directory: string,
  state: TrainingState,
  tensors: ReadonlyMap<string, Tensor>,
  read: (tensor: Tensor) => Promise<Float32Array>,
): Promise<void> {
  if (tensors.size > 0) {
    const sources = [...tensors].map(([name, tensor]) => (
      { name, shape: tensor.shape, data: () => read(tensor) }
    ));
    await writeSafetensors(`${directory}/${TENSORS}`, sources);
  }
  try {
    await createText(`${directory}/${STATE}`, JSON.stringify(state, null, 1) + "\n");
  } catch (error) {
    throw fileError(error, `${directory}/${STATE}: cannot write`);
  }
}

/** @throws {UserError} If the file is missing or damaged; it is named. */
export async function readTrainingState(directory: string): Promise<TrainingState> {
  const path = `${directory}/${STATE}`;
  let json: unknown;
  try {
    json = JSON.parse(await readText(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(`${path} is damaged: not JSON`, "CHECKPOINT");
  }
  if (!isTrainingStateJson(json)) {
    throw new UserError(`${path} is damaged: a key is missing`, "CHECKPOINT");
  }
  return { ...json, optimizer: presentKind(json.optimizer) };
}

function isTrainingStateJson(json: unknown): json is TrainingState {
  if (!isObject(json)) return false;
  const { step, tokens, seconds = 0, optimizer, best, validation } = json;
  const { data_position, options } = json;
  const isBest = best === null ||
    isObject(best) && Number.isInteger(best.step) && typeof best.val_loss === "number";
  return [step, tokens].every(Number.isSafeInteger) &&
    typeof seconds === "number" && seconds >= 0 &&
    typeof optimizer === "string" && isBest &&
    (validation === null || typeof validation === "string") && isObject(data_position) &&
    isObject(options);
}

/** Two kinds of optimisers by name, and if that is one, by the settings that differ. */
function differing(...kinds: [string, string]): string[] {
  const [one, other] = kinds.map((kind) => kind.split(", "));
  if (one[0] !== other[0]) return [one[0], other[0]];
  return [[one, other], [other, one]].map(([mine, others]) =>
    mine.filter((part, i) => i === 0 || !others.includes(part)).join(", ")
  );
}

/**
 * Puts weights, their average and the optimiser's state back to what a checkpoint holds.
 *
 * @throws {UserError} If the checkpoint is of another optimiser, or a tensor is missing or of
 * another shape.
 */
export async function restoreTraining(
  directory: string,
  state: TrainingState,
  model: Gpt2,
  optimizer: Optimizer,
): Promise<void> {
  if (optimizer.kind !== state.optimizer) {
    const [former, present] = differing(state.optimizer, optimizer.kind);
    throw new UserError(
      `${directory} was trained with ${former}, not ${present}: a run keeps its optimiser; ` +
        "--init-from starts a new run from its weights",
      "CHECKPOINT",
    );
  }
  await upload(`${directory}/model.safetensors`, model, optimizer.evaluationWeights);
  const tensors = stateTensors(model, optimizer);
  if (tensors.size > 0) await upload(`${directory}/${TENSORS}`, model, tensors);
  await model.gpu.finish();
}

async function upload(
  path: string,
  { gpu }: Gpt2,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<void> {
  using file = await openSafetensors(path);
  for (const [name, tensor] of tensors) {
    const found = file.tensors.get(name)?.shape.join(", ");
    const shape = tensor.shape.join(", ");
    if (found !== shape) {
      const what = found === undefined ? "is missing" : `is (${found}), not (${shape})`;
      throw new UserError(`${path}: tensor ${name} ${what}`, "CHECKPOINT");
    }
    gpu.write(tensor, await file.read(name));
  }
}
