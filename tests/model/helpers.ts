import type { Gpu } from "../../src/gpu/gpu.ts";
import { GPT2_TOKENIZER } from "../../src/tokens/tokenizer.ts";
import type { Vocabulary } from "../../src/tokens/vocabulary.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import type { Batch } from "../../src/tokens/batch.ts";
import { allocateLike, type TensorMap } from "../../src/model/weights.ts";
import { Random } from "../../src/random.ts";
import type { Tensors } from "../reference/gpt2.ts";
import { randomIntegers, randomParameters } from "../reference/random.ts";

/** A model whose width, vocabulary and context fill no vec4. */
export const ODD: Gpt2Config = {
  ...{ layers: 2, heads: 2, width: 6, context: 5, vocabularySize: 11, bias: true, affine: true },
};

/** A cap on bindings that is too small for the wte of {@linkcode LARGE_VOCABULARY}. */
export const SLIM = { maxBindingBytes: 67_600 };

/** A model whose wte takes two bindings of {@linkcode SLIM}, and its other tensors one. */
export const LARGE_VOCABULARY: Gpt2Config = {
  ...{ layers: 1, heads: 1, width: 65, context: 3, vocabularySize: 263, bias: true, affine: true },
};

/** Parameters for the reference that are float32 numbers: the GPU gets exactly the same. */
export function randomWeights(config: Gpt2Config, seed: number, scale = 0.3): Tensors {
  const parameters = randomParameters(config, seed, scale);
  return new Map([...parameters].map(([name, values]) => [name, values.map(Math.fround)]));
}

/** Allocates tensors for all or the trainable parameters and uploads their values. */
export function uploadTensors(gpu: Gpu, config: Gpt2Config, values: Tensors): TensorMap {
  const table = parameterTable(config).filter(({ name }) => values.has(name));
  const tensors = allocateLike(gpu, table, "test");
  for (const [name, tensor] of tensors) gpu.write(tensor, Float32Array.from(values.get(name)!));
  return tensors;
}

/** Reads every tensor of a map back. */
export async function readTensors(
  gpu: Gpu,
  tensors: TensorMap,
): Promise<Map<string, Float32Array>> {
  const values = await Promise.all([...tensors.values()].map((tensor) => gpu.read(tensor)));
  return new Map([...tensors.keys()].map((name, i) => [name, values[i]]));
}

/** A vocabulary of `size` tokens that are GPT-2's first ones; the last ends a text. */
export function smallVocabulary(size: number): Vocabulary {
  return {
    ...{ tokenizer: GPT2_TOKENIZER, size, endOfText: size - 1 },
    encode: (tokens) => Uint32Array.from(tokens),
    decode: (id) => id,
  };
}

/** A model with these weights. */
export function modelOf(gpu: Gpu, config: Gpt2Config, values: Tensors): Gpt2 {
  const vocabulary = smallVocabulary(config.vocabularySize);
  return new Gpt2(gpu, config, vocabulary, uploadTensors(gpu, config, values));
}

/** (B, context) random tokens and targets. */
export function randomBatch(config: Gpt2Config, B: number, seed: number): Batch {
  const random = new Random(seed);
  const tokens = () => randomIntegers(random, B * config.context, config.vocabularySize);
  return { inputs: tokens(), targets: tokens() };
}
