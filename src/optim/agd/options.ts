import { UsageError } from "../../errors.ts";

/** How AGD measures gradients and weights. */
export type AgdNorm = "frobenius" | "spectral";

/**
 * Settings of {@linkcode Agd}. None of them is a step size. `norm` chooses between the published
 * method and the geometry-aware one; the others take one of them apart.
 */
export interface AgdOptions {
  /**
   * `frobenius`: as published. `spectral`: each parameter by the norm natural to it: matrices by
   * the operator norm, embeddings row by row, vectors by their RMS. L counts two-dimensional
   * parameters for `spectral`, and query, key and value each for `frobenius`.
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
   * `rows`: each row is a vector of its own, by its 2-norm, with a natural size of 1 or less; see
   * {@linkcode Agd}. `matrix`: like other matrices, by `norm`.
   * @default "rows" for `spectral`, "matrix" for `frobenius`
   */
  embeddings?: "rows" | "matrix";
  /**
   * Divide a row of the average gradient by the root mean square of its norm over the steps so far,
   * the last of t steps counting 2 / (1 + t), where that is larger than the norm. Only `rows` have
   * a history. An integer n takes the place of 2, and n - 1 that of 1: 1 is the mean over all steps.
   * @default true for `spectral` by rows, otherwise false
   */
  rowHistory?: boolean | number;
  /**
   * Decay of the average that stands for the gradient, in [0, 1); 0 is the gradient itself.
   * @default 0.8 for `spectral`, 0 for `frobenius`
   */
  momentum?: number;
  /**
   * Let that decay grow with the run: to at least 1 - 15 / t at step t. The average is then over
   * the last fifteenth of the steps, once that is more than momentum's own length. An integer takes
   * the place of 15.
   * @default true for `spectral` with momentum, otherwise false
   */
  growth?: boolean | number;
  /**
   * Take the average as it would be if the gradient came once more (Nesterov's momentum). Of a matrix
   * that keeps the weight 1 - `momentum`, however long the average has become: accelerated methods
   * keep the two apart (Morwani, Vyas, Zhang and Kakade 2025, arXiv:2502.02431). Of embeddings by rows
   * it fades with the square root of what the last gradient counts in the average, and of vectors as
   * fast as that. By Frobenius' norm matrices are as vectors.
   * @default true for `spectral` with momentum, otherwise false
   */
  nesterov?: boolean;
  /**
   * Where an element of a matrix's D(g), g being the average, points against the gradient of the step
   * itself, it counts by 75 / t from step 75 on: by as much less as growth makes momentum's memory
   * longer, (1 - b_t) / (1 - b). Cautious optimisers (Liang, Chen, Liu and Liu 2024, arXiv:2411.16085)
   * leave all of it out, and lengthen what stays. Embeddings by rows and vectors keep all.
   * @default true for `spectral` with growth, otherwise false
   */
  cautious?: boolean;
  /**
   * Let steps become shorter as growth makes momentum's memory longer: by the fourth root of
   * (1 - b_t) / (1 - b), so of 75 / t from step 75 on. The norm of an average of gradients that have
   * nothing in common falls by the square root of that, and of gradients that are all the same not
   * at all; this is half way between the two.
   * @default true for `spectral` with growth, otherwise false
   */
  shortening?: boolean;
  /**
   * Evaluate on an average of the iterates, not on the last one. After t steps that counts
   * 8 / (8 + t); an integer takes the place of 8.
   * @default true for `spectral`, false for `frobenius`
   */
  averaging?: boolean | number;
  /**
   * How layers share eta, the sum of their relative changes. `equal`: 1/L each, as published.
   * `proportional`: by s |g|, what a relative change of the layer lowers the loss by.
   * @default "proportional" for `spectral`, "equal" for `frobenius`
   */
  shares?: "equal" | "proportional";
}

/** {@linkcode AgdOptions} with nothing left open. */
export type AgdSettings = Readonly<Required<AgdOptions>>;

const DEFAULTS: Record<AgdNorm, AgdSettings> = {
  spectral: {
    norm: "spectral",
    vectors: "own",
    embeddings: "rows",
    momentum: 0.8,
    growth: true,
    nesterov: true,
    cautious: true,
    shortening: true,
    averaging: true,
    shares: "proportional",
    rowHistory: true,
  },
  frobenius: {
    norm: "frobenius",
    vectors: "grouped",
    embeddings: "matrix",
    momentum: 0,
    growth: false,
    nesterov: false,
    cautious: false,
    shortening: false,
    averaging: false,
    shares: "equal",
    rowHistory: false,
  },
};

/** The words and truth values that a setting may have, if it is no number. */
export const AGD_CHOICES = {
  norm: ["spectral", "frobenius"],
  vectors: ["own", "grouped", "none"],
  embeddings: ["rows", "matrix"],
  growth: [true, false],
  nesterov: [true, false],
  cautious: [true, false],
  shortening: [true, false],
  averaging: [true, false],
  shares: ["equal", "proportional"],
  rowHistory: [true, false],
} as const satisfies Record<Exclude<keyof AgdOptions, "momentum">, unknown>;

/** The names of all settings. */
export const AGD_SETTINGS: readonly string[] = [...Object.keys(AGD_CHOICES), "momentum"];

/** What true stands for, of settings that may be a number too. */
const MEMORIES = { growth: 15, averaging: 8, rowHistory: 2 };

/** By which norm: `squares` is the 2-norm, Frobenius' of matrices, and `rows` that of each row. */
export type Measure = "squares" | "rows" | "operator";

/**
 * How the weight that Nesterov's momentum gives to the step's own gradient fades while memory grows: as
 * this power of (1 - b_t) / (1 - b). 0 keeps it, as accelerated stochastic gradient descent does
 * (Morwani et al. 2025, arXiv:2502.02431), 1 is Nesterov's own, and 1/2 half way between them.
 */
export const FADING: Readonly<Record<Measure, number>> = { operator: 0, rows: 0.5, squares: 1 };

/** How a kind says that Nesterov's momentum looks ahead while memory grows. */
const FADES = Object.values(FADING).join("/");

/** What true stood for when kinds had it in the place of numbers. */
const FORMER_MEMORIES = new Map([
  ["growth true", "growth 30"],
  ["averaging true", "averaging 8"],
  ["rowHistory true", "rowHistory 8"],
]);

/** Settings that kinds once did not tell of, each behind the one that it is told after. */
const UNTOLD = [["rowHistory", "cautious"], ["cautious", "shortening"]] as const;

/** The number that one of these settings is; 0 for false. */
export function memoryOf(name: keyof typeof MEMORIES, value: boolean | number): number {
  return value === true ? MEMORIES[name] : Number(value);
}

/** The step from which on momentum remembers more than its own length, 0 if it never does. */
export function growingFrom({ growth, momentum }: AgdSettings): number {
  return memoryOf("growth", growth) / (1 - momentum);
}

/** What a setting's value is that is given as text, e.g. `true`; the text itself, if it is none. */
export function parseAgdSetting(name: string, text: string): string | number | boolean {
  const number = text === "" ? NaN : Number(text);
  const isNumber = name === "momentum" || Object.hasOwn(MEMORIES, name);
  if (isNumber && Number.isFinite(number)) return number;
  const choices: readonly (string | boolean)[] | undefined = new Map(Object.entries(AGD_CHOICES))
    .get(name);
  return choices?.find((choice) => String(choice) === text) ?? text;
}

/** The defaults beside what is set: what belongs to momentum, or to rows, goes with it. */
function defaultsBeside(
  { norm, momentum, embeddings, growth: grows }: Pick<
    AgdSettings,
    "norm" | "momentum" | "embeddings" | "growth"
  >,
): AgdSettings {
  const { growth, nesterov, rowHistory, cautious, shortening, ...others } = DEFAULTS[norm];
  const isGrowing = momentum > 0 && grows !== false;
  return {
    ...others,
    growth: growth && momentum > 0,
    nesterov: nesterov && momentum > 0,
    rowHistory: rowHistory && embeddings === "rows",
    cautious: cautious && isGrowing,
    shortening: shortening && isGrowing,
  };
}

/**
 * Puts defaults where nothing is given.
 *
 * @throws {UsageError} If a setting is unknown or out of range, or means nothing beside another one.
 */
export function agdSettings(options: AgdOptions): AgdSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const choices = new Map<string, readonly unknown[]>(Object.entries(AGD_CHOICES));
  for (const [name, value] of given) {
    const allowed = choices.get(name);
    if (Object.hasOwn(MEMORIES, name) && typeof value === "number") {
      if (Number.isSafeInteger(value) && value >= 1) continue;
      throw new UsageError(`${name} must be true, false or an integer above 0, not ${value}`);
    }
    if (allowed && !allowed.includes(value)) {
      throw new UsageError(`${name} must be ${allowed.join(" or ")}, not ${value}`);
    }
    if (!allowed && name !== "momentum") {
      throw new UsageError(`AGD has no setting '${name}'`);
    }
  }
  const set: AgdOptions = Object.fromEntries(given);
  const wanted = { ...DEFAULTS[set.norm ?? "spectral"], ...set };
  const settings: AgdSettings = { ...defaultsBeside(wanted), ...set };
  const { embeddings, momentum, growth, nesterov, cautious, shortening, rowHistory } = settings;
  if (!(typeof momentum === "number" && momentum >= 0 && momentum < 1)) {
    throw new UsageError(`momentum must be at least 0 and below 1, not ${momentum}`);
  }
  if (growth && momentum === 0) {
    throw new UsageError("growth is that of a momentum, which is 0: give one");
  }
  if (nesterov && momentum === 0) {
    throw new UsageError("nesterov looks ahead along a momentum, which is 0: give one");
  }
  if (cautious && !growth) {
    throw new UsageError("cautious steps are along a momentum that grows: set growth too");
  }
  if (shortening && !growth) {
    throw new UsageError("shortening goes with a momentum that grows: set growth too");
  }
  if (rowHistory && embeddings === "matrix") {
    throw new UsageError("rowHistory is of embeddings by rows: set embeddings to rows too");
  }
  return settings;
}

/** The norm, and every setting that is not its default, e.g. `agd spectral, momentum 0`. */
export function describeAgd(settings: AgdSettings): string {
  const defaults = new Map(Object.entries(defaultsBeside(settings)));
  return describe(settings, (name, value) => value !== defaults.get(name));
}

/** The norm and every setting by its value, so that a default may be another one later. */
export function spellOutAgd(settings: AgdSettings): string {
  const { growth, averaging, rowHistory } = settings;
  const memories = Object.entries({ growth, averaging, rowHistory })
    .map(([name, value]) => [name, value && memoryOf(name as keyof typeof MEMORIES, value)]);
  const told = { ...settings, ...Object.fromEntries(memories) };
  const looks = growth && settings.nesterov ? { nesterov: FADES } : {};
  return describe({ ...told, ...looks }, (name) => name !== "norm");
}

/**
 * A kind as it would be spelt out now. It once told of settings that there are no more: these are
 * left out where they were what AGD does. It once did not tell of `cautious` or `shortening`, which
 * nothing was. And it once told by `true` of memories, of which that of growth was longer and all
 * looking ahead faded, and then by `true` of looking ahead, of which none did.
 */
export function presentKind(kind: string): string {
  const [name, ...settings] = kind.split(", ");
  const ramp = `ramp ${!settings.includes("momentum 0")}`;
  const former = new Map([
    ["agd spectral", ["depth parameters", "polarSteps 4", ramp]],
    ["agd frobenius", ["depth maps", "polarSteps 0", ramp]],
  ]).get(name) ?? [];
  const kept = settings.filter((setting) => !former.includes(setting));
  for (const [before, untold] of UNTOLD) {
    if (kept.some((setting) => setting.startsWith(`${untold} `))) continue;
    const last = kept.findIndex((setting) => setting.startsWith(`${before} `));
    if (last >= 0) kept.splice(last + 1, 0, `${untold} false`);
  }
  const isFormer = kept.some((setting) => FORMER_MEMORIES.has(setting));
  const grows = !kept.some((setting) => ["growth false", "momentum 0"].includes(setting));
  const looks = isFormer ? "nesterov fading" : "nesterov lasting";
  const present = new Map([
    ...isFormer ? FORMER_MEMORIES : [],
    ...grows ? [["nesterov true", looks] as const] : [],
  ]);
  return [name, ...kept.map((setting) => present.get(setting) ?? setting)].join(", ");
}

/**
 * The settings that a kind spells out, as {@linkcode presentKind} gives it, without those that AGD has
 * no more; undefined where it is of another optimiser, or they are none.
 */
export function settingsOfKind(kind: string): AgdSettings | undefined {
  const [[name, norm], ...parts] = kind.split(", ").map((part) => part.split(" "));
  if (name !== "agd") return undefined;
  const settings = parts.filter(([setting]) => AGD_SETTINGS.includes(setting))
    .map(([setting, text]) => [
      setting,
      setting === "nesterov" && text === FADES || parseAgdSetting(setting, text),
    ]);
  try {
    return agdSettings(Object.fromEntries([["norm", norm], ...settings]));
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function describe(
  settings: AgdSettings,
  isTold: (name: string, value: unknown) => boolean,
): string {
  const told = Object.entries(settings)
    .filter(([name, value]) => isTold(name, value))
    .map(([name, value]) => `${name} ${value}`);
  return [`agd ${settings.norm}`, ...told].join(", ");
}
