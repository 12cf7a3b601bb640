import { UsageError, UserError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { f32, type Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { READ, reading } from "../ops/includes.ts";
import source from "../../wgsl/sample/choose_token.wgsl" with { type: "text" };
import threefry from "../../wgsl/sample/include/threefry.wgsl" with { type: "text" };

/** How the next token is drawn from the model's distribution. */
export interface SamplingOptions {
  /** Divides the logits; 0 always takes the likeliest token. @default 1 */
  temperature?: number;
  /** Draws among this many likeliest tokens only. @default all */
  topK?: number;
  /**
   * Draws among the likeliest tokens whose probabilities add up to this (Holtzman et al. 2020).
   * @default 1
   */
  topP?: number;
}

/** Random bits from a key and a counter, for kernels that include it. */
export const THREEFRY = { threefry };

/** What is written in the place of a token where a logit is not a number, or infinite. */
const UNFIT = new Map([[0xffff_ffff, NaN], [0xffff_fffe, Infinity]]);

/**
 * Workgroup size on GPUs, and where the adapter is the CPU. Mesa's software driver ends an invocation's
 * loops after 65,535 rounds in all: of 65,536 tokens, the most that a tokenizer has, each invocation
 * has to go through 1,024, and at most 35 times.
 */
const THREADS = { gpu: 128, software: 64 };

/** Temperatures by which the adapter divides exactly; what is beyond is as good as the end. */
const TEMPERATURES = { least: 2 ** -126, most: 2 ** 126 };

/**
 * Checks sampling options.
 *
 * @throws {UsageError} If one is out of range.
 */
export function checkSampling({ temperature = 1, topK = 1, topP = 1 }: SamplingOptions): void {
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new UsageError(`temperature must be 0 or more, not ${temperature}`);
  }
  if (!Number.isSafeInteger(topK) || topK < 1) {
    throw new UsageError(`top-k must be a positive integer, not ${topK}`);
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new UsageError(`top-p must be above 0 and at most 1, not ${topP}`);
  }
}

/** Tensors of a choice of tokens, for B sequences at once. */
export interface TokenChoice {
  /** (B, stride): the logits of `vocabularySize` tokens, and padding. */
  logits: Tensor;
  /** Tokens to choose among, V. */
  vocabularySize: number;
  /** (B, 2), integers: the low and the high 32 bits of each sequence's seed. */
  seeds: Tensor;
  /** (4), integers, [2]: where in a row of `history` the token goes, [3]: how many came before. */
  cursor: Tensor;
  /** (B, capacity), integers. */
  history: Tensor;
}

/**
 * Appends drawing a token for each row of logits from their softmax. The same seed and number of
 * tokens before give the same token, whatever the other rows are. What has a logit of -Infinity is never drawn.
 */
export function chooseToken(
  gpu: Gpu,
  plan: Plan,
  { logits, vocabularySize, seeds, cursor, history }: TokenChoice,
  { temperature = 1, topK = Infinity, topP = 1 }: SamplingOptions,
): void {
  const [rows, stride] = logits.shape;
  const { TEXELS, read } = reading(gpu, [logits], false);
  const GREEDY = temperature === 0 || topK === 1;
  const SEARCHED = !GREEDY && (topK < vocabularySize || topP < 1);
  const constants = {
    THREADS: gpu.isSoftware ? THREADS.software : THREADS.gpu,
    TEXELS,
    GREEDY,
    SEARCHED,
  };
  const { least, most } = TEMPERATURES;
  plan.dispatch(
    gpu.kernel("choose_token", source, constants, { ...READ, ...THREEFRY }),
    [rows],
    [
      ...[vocabularySize, stride, history.shape[1]],
      f32(Math.min(Math.max(temperature, least), most)),
      f32(Math.min(topK, vocabularySize)),
      f32(topP),
    ],
    [read(logits), cursor, history, ...(GREEDY ? [] : [seeds])],
  );
}

/**
 * Checks a token that was chosen.
 *
 * @throws {UserError} If it stands for a logit that is NaN or infinite, as those of a model that
 * diverged are.
 */
export function checkChosen(token: number): void {
  const unfit = UNFIT.get(token);
  if (unfit === undefined) return;
  throw new UserError(
    `the model gives a logit of ${unfit}: its weights are damaged, or too large to compute with`,
    "CHECKPOINT",
  );
}
