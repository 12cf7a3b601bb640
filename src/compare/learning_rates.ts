/** The distance of a further learning rate from the grid's end. */
const FACTOR = 3;

/** A learning rate and the loss that it led to; infinite if training diverged. */
export interface Trial {
  learningRate: number;
  loss: number;
}

/** The trial with the lowest loss; if all are infinite, the one with the lowest learning rate. */
export function bestTrial(trials: readonly Trial[]): Trial {
  return ascending(trials).reduce((best, trial) => trial.loss < best.loss ? trial : best);
}

/** At which end of the grid the best trial is, if at one; an only one is at the lower end. */
export function edge(trials: readonly Trial[]): "lower" | "upper" | undefined {
  const sorted = ascending(trials);
  const best = bestTrial(trials);
  if (best === sorted[0]) return "lower";
  return best === sorted.at(-1) ? "upper" : undefined;
}

/** The learning rate to try next: beyond the end of the grid that the best one is at, if at one. */
export function nextLearningRate(trials: readonly Trial[]): number | undefined {
  const end = edge(trials);
  if (end === undefined) return undefined;
  const { learningRate } = bestTrial(trials);
  const next = end === "lower" ? learningRate / FACTOR : learningRate * FACTOR;
  return Number(next.toPrecision(2));
}

function ascending(trials: readonly Trial[]): Trial[] {
  return trials.toSorted((a, b) => a.learningRate - b.learningRate);
}
