/** Arithmetic that is needed, in floating-point operations; a multiply-add counts as two. */
import type { Gpt2Config } from "../src/model/config.ts";

/** An (m, k) times a (k, n) matrix. */
export function matmulFlops(m: number, n: number, k: number): number {
  return 2 * m * n * k;
}

/** What an attention works on. */
export interface AttentionSize {
  batch: number;
  length: number;
  width: number;
}

/**
 * Causal attention, all heads: q kᵀ and the product with v, of which causality needs half. As Dao
 * (2023, arXiv:2307.08691, section 4.1) counts it.
 */
export function attentionFlops({ batch, length, width }: AttentionSize): number {
  return 4 * batch * length ** 2 * width / 2;
}

/** Its backward pass: five products, for two forward (Dao 2023, section 4.1). */
export function attentionBackwardFlops(size: AttentionSize): number {
  return 2.5 * attentionFlops(size);
}

/** Model FLOPs of a training step: 6 for each parameter and token (Kaplan et al. 2020, 2.1). */
export function modelFlops(parameters: number, tokens: number): number {
  return 6 * parameters * tokens;
}

/**
 * Training FLOPs per token, 6 N + 6 L C T: N counts the elements of all matrices, the output
 * matrix included and embeddings otherwise not (Kaplan et al. 2020, arXiv:2001.08361, section 2.1);
 * the second term is the attention's 12 L C T (Chowdhery et al. 2022, arXiv:2204.02311, appendix
 * B), of which causality needs half. What a backward pass computes anew does not count.
 */
export function trainingFlops(
  config: Pick<Gpt2Config, "layers" | "width" | "context" | "vocabularySize">,
): number {
  const { layers: L, width: C, context: T, vocabularySize: V } = config;
  return 6 * (12 * L * C ** 2 + V * C) + 6 * L * C * T;
}
