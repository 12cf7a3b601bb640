import { UsageError } from "../errors.ts";

/** How AGD measures gradients and weights. */
export type AgdNorm = "frobenius" | "spectral";

/**
 * Settings of {@linkcode Agd}. None of them is a step size. `norm` chooses between the published
 * method and the geometry-aware one; the others take one of them apart.
 */
export interface AgdOptions {
  /**
   * `frobenius`: as published. `spectral`: each parameter by the norm natural to it: matrices by
   * the operator norm, embeddings row by row, vectors by their RMS.
   * @default "spectral"
   */
  norm?: AgdNorm;
  /**
   * Biases and gains. `own`: by their RMS norm, D(g) = √n g / |g|, outside of G, with a natural size
   * of 1 / √R, where R projections lead back into the residual stream (two a block). `grouped`: with
   * the last matrix before them, by its natural size and the dual norm of its gradient,
   * s_W g / |g_W|. `none`: not trained.
   * @default "own" for `spectral`, "grouped" for `frobenius`
   */
  vectors?: "own" | "grouped" | "none";
  /**
   * `rows`: each row is a vector of its own, by its 2-norm, with a natural size of 1. `matrix`: as
   * any matrix, by `norm`.
   * @default "rows" for `spectral`, "matrix" for `frobenius`
   */
  embeddings?: "rows" | "matrix";
  /**
   * Divide a row of the average gradient by the root mean square of its norm over the steps so far,
   * the last of t steps counting 8 / (7 + t), where that is larger than the norm. Only `rows` have
   * a history.
   * @default true for `spectral`, false for `frobenius`
   */
  rowHistory?: boolean;
  /**
   * Decay of the average that stands for the gradient, in [0, 1); 0 is the gradient itself.
   * @default 0.9 for `spectral`, 0 for `frobenius`
   */
  momentum?: number;
  /**
   * Take the average as it would be if the gradient came once more (Nesterov's momentum).
   * @default true for `spectral`, false for `frobenius`
   */
  nesterov?: boolean;
  /**
   * Evaluate on an average of the iterates, not on the last one.
   * @default true for `spectral`, false for `frobenius`
   */
  averaging?: boolean;
  /**
   * What L counts: two-dimensional `parameters`, or linear `maps`, of which query, key and value
   * are three in one parameter.
   * @default "parameters" for `spectral`, "maps" for `frobenius`
   */
  depth?: "parameters" | "maps";
  /**
   * How layers share eta, the sum of their relative changes. `equal`: 1/L each, as published.
   * `proportional`: by s |g|, what a relative change of the layer lowers the loss by.
   * @default "proportional" for `spectral`, "equal" for `frobenius`
   */
  shares?: "equal" | "proportional";
  /**
   * Take √(1 - b^2t) of eta at step t, with b the momentum: the length that an average started at
   * 0, its start not corrected, has after t independent unit gradients, as a fraction of its length
   * after many. For 0.9 that is 0.44 at the first step and 0.94 at the tenth; without momentum it
   * is 1.
   * @default true for `spectral`, false for `frobenius`
   */
  ramp?: boolean;
  /**
   * Steps to a matrix's polar factor, of three matrix products each. With 4, a singular value of at
   * least 0.006 of the Frobenius norm ends within 6% of 1. Only `spectral` takes any.
   * @default 4
   */
  polarSteps?: number;
}

/** {@linkcode AgdOptions} with nothing left open. */
export type AgdSettings = Readonly<Required<AgdOptions>>;

const DEFAULTS: Record<AgdNorm, AgdSettings> = {
  spectral: {
    norm: "spectral",
    vectors: "own",
    embeddings: "rows",
    momentum: 0.9,
    nesterov: true,
    averaging: true,
    depth: "parameters",
    shares: "proportional",
    rowHistory: true,
    ramp: true,
    polarSteps: 4,
  },
  frobenius: {
    norm: "frobenius",
    vectors: "grouped",
    embeddings: "matrix",
    momentum: 0,
    nesterov: false,
    averaging: false,
    depth: "maps",
    shares: "equal",
    rowHistory: false,
    ramp: false,
    polarSteps: 0,
  },
};

/**
 * Puts defaults where nothing is given.
 *
 * @throws {UsageError} If a setting is out of range, or means nothing beside another one.
 */
export function agdSettings(options: AgdOptions): AgdSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: AgdSettings = {
    ...DEFAULTS[options.norm ?? "spectral"],
    ...Object.fromEntries(given),
  };
  const { norm, embeddings, momentum, nesterov, polarSteps, rowHistory, ramp } = settings;
  if (!(momentum >= 0 && momentum < 1)) {
    throw new UsageError(`momentum must be at least 0 and below 1, not ${momentum}`);
  }
  const usual = DEFAULTS[norm];
  if (momentum === 0 && nesterov !== usual.nesterov) {
    throw new UsageError("nesterov looks ahead along a momentum, which is 0: give one");
  }
  if (embeddings === "matrix" && rowHistory !== usual.rowHistory) {
    throw new UsageError("rowHistory is of embeddings by rows: set embeddings to rows too");
  }
  if (momentum === 0 && ramp !== usual.ramp) {
    throw new UsageError("ramp is as long as the momentum, which is 0: give one");
  }
  if (norm === "frobenius" && options.polarSteps !== undefined) {
    throw new UsageError("polarSteps are for the spectral norm: frobenius takes no polar factors");
  }
  if (norm === "spectral" && !(Number.isSafeInteger(polarSteps) && polarSteps > 0)) {
    throw new UsageError(`polarSteps must be a number of steps, at least 1, not ${polarSteps}`);
  }
  return settings;
}

/** The norm, and every setting that is not its default, e.g. `agd spectral, momentum 0`. */
export function describeAgd(settings: AgdSettings): string {
  const defaults = new Map(Object.entries(DEFAULTS[settings.norm]));
  const others = Object.entries(settings)
    .filter(([name, value]) => String(value) !== String(defaults.get(name)))
    .map(([name, value]) => `${name} ${value}`);
  return [`agd ${settings.norm}`, ...others].join(", ");
}
