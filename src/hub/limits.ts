import { readCheckpointConfig } from "../checkpoint/checkpoint.ts";
import { parameterTable, sizeOf } from "../model/parameters.ts";

/** The most bytes of a file that describes a model: its configuration, index or tokenizer. */
export const SMALL_FILE = 2 ** 24;

/** The most bytes of any model's weights; the largest GPT-2s have 13 billion of them. */
const MOST_WEIGHTS = 2 ** 37;

/**
 * The most bytes that a model's weights can take in all: twice what its configuration asks for, with
 * the attention's masks, which older files hold too, and room for what describes them.
 *
 * @param directory Where `config.json` is.
 * @throws {UserError} If that is missing, malformed, or not a GPT-2's.
 */
export async function weightsLimit(directory: string): Promise<number> {
  const { model } = await readCheckpointConfig(directory);
  // A hub may claim any number of layers: they are counted without a list of all.
  const count = (layers: number) =>
    parameterTable({ ...model, layers }).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const layer = count(1) - count(0) + model.context ** 2;
  const bytes = 2 * 4 * (count(0) + model.layers * layer) + SMALL_FILE;
  return Math.min(bytes, MOST_WEIGHTS);
}
