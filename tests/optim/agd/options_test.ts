import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/errors.ts";
import { type ParameterSpec, parameterTable } from "../../../src/model/parameters.ts";
import { Agd } from "../../../src/optim/agd/agd.ts";
import {
  type AgdOptions,
  agdSettings,
  describeAgd,
  spellOutAgd,
} from "../../../src/optim/agd/options.ts";
import type { OptimizerTarget } from "../../../src/optim/optimizer.ts";
import { ODD, randomWeights, readTensors } from "../../model/helpers.ts";
import { openTestGpu } from "../../ops/helpers.ts";
import type { Tensors } from "../../reference/gpt2.ts";
import { Agd as ReferenceAgd } from "../../reference/optimizers/agd.ts";
import { assertUnchanged, Bench, checkFiveSteps } from "../helpers.ts";

const gpu = await openTestGpu();

const spectral: AgdOptions[] = [
  { vectors: "grouped" },
  { vectors: "none" },
  { embeddings: "matrix" },
  { embeddings: "matrix", vectors: "grouped" },
  { momentum: 0 },
  { growth: false },
  { nesterov: false },
  { momentum: 0.95 },
  { averaging: false },
  { depth: "maps" },
  { shares: "equal" },
  { rowHistory: false },
  { ramp: false },
  { shares: "equal", vectors: "grouped", embeddings: "matrix" },
  { polarSteps: 2 },
  { polarSteps: 5 },
];
const frobenius: AgdOptions[] = [
  { vectors: "own" },
  { vectors: "none" },
  { embeddings: "rows" },
  { embeddings: "rows", vectors: "own" },
  { embeddings: "rows", rowHistory: true },
  { momentum: 0.9 },
  { momentum: 0.8, nesterov: true, growth: true },
  { averaging: true },
  { depth: "parameters" },
  { shares: "proportional" },
];

const cases = [...spectral, ...frobenius.map((options) => ({ norm: "frobenius", ...options }))];
for (const options of cases as AgdOptions[]) {
  const { averaging, ...others } = options;
  Deno.test(`agd: five steps are the reference's: ${describeAgd(agdSettings(options))}`, async () => {
    const make = (target: OptimizerTarget) => new Agd(target, options);
    const reference = (table: ParameterSpec[], initial: Tensors) => {
      const agd = new ReferenceAgd(table, initial, others);
      const isAveraged = averaging ?? options.norm !== "frobenius";
      return isAveraged ? agd : { step: agd.step.bind(agd) };
    };
    await checkFiveSteps(gpu, ODD, make, reference);
  });
}

Deno.test("agd: settings that are not given, or given as undefined, are their defaults", () => {
  const expected = agdSettings({});
  assertEquals(agdSettings({ norm: undefined, momentum: undefined }), expected);
  assertEquals(agdSettings({ norm: "spectral" }), expected);
});

Deno.test("agd: what belongs to momentum or to rows goes with them", () => {
  const { growth, nesterov, ramp, rowHistory } = agdSettings({ momentum: 0, embeddings: "matrix" });
  assertEquals([growth, nesterov, ramp, rowHistory], [false, false, false, false]);
  const off = { growth: false, nesterov: false, ramp: false, rowHistory: false };
  const bare = { momentum: 0, embeddings: "matrix" } as const;
  assertEquals(agdSettings({ ...bare, ...off }), agdSettings(bare));
});

Deno.test("agd: it is described by what is not its default", () => {
  const text = (options: AgdOptions) => describeAgd(agdSettings(options));
  assertEquals(text({}), "agd spectral");
  assertEquals(text({ momentum: 0.9, polarSteps: 4 }), "agd spectral");
  assertEquals(text({ norm: "frobenius" }), "agd frobenius");
  assertEquals(
    text({ momentum: 0, averaging: false }),
    "agd spectral, momentum 0, averaging false",
  );
  assertEquals(text({ norm: "frobenius", momentum: 0.9 }), "agd frobenius, momentum 0.9");
  assertEquals(text({ polarSteps: 5 }), "agd spectral, polarSteps 5");
});

Deno.test("agd: its kind spells all settings out", () => {
  assertEquals(
    spellOutAgd(agdSettings({ momentum: 0 })),
    "agd spectral, vectors own, embeddings rows, momentum 0, averaging true, depth parameters, " +
      "shares proportional, polarSteps 4, growth false, nesterov false, ramp false, rowHistory true",
  );
});

Deno.test("agd: settings that mean nothing are refused", () => {
  const refusals: [AgdOptions, string][] = [
    [{ momentum: 1 }, "momentum must be at least 0 and below 1, not 1"],
    [{ momentum: -0.1 }, "momentum must be at least 0 and below 1, not -0.1"],
    [{ momentum: NaN }, "momentum must be at least 0 and below 1, not NaN"],
    [{ momentum: 0, growth: true }, "growth is that of a momentum, which is 0"],
    [{ momentum: 0, nesterov: true }, "nesterov looks ahead along a momentum, which is 0"],
    [{ norm: "frobenius", nesterov: true }, "nesterov looks ahead along a momentum, which is 0"],
    [{ embeddings: "matrix", rowHistory: true }, "rowHistory is of embeddings by rows"],
    [{ norm: "frobenius", rowHistory: true }, "rowHistory is of embeddings by rows"],
    [{ norm: "frobenius", ramp: true }, "ramp is as long as the momentum, which is 0"],
    [{ momentum: 0, ramp: true }, "ramp is as long as the momentum, which is 0"],
    [{ norm: "frobenius", polarSteps: 4 }, "polarSteps are for the spectral norm"],
    [{ polarSteps: 0 }, "polarSteps must be a number of steps, at least 1, not 0"],
    [{ polarSteps: 1.5 }, "polarSteps must be a number of steps, at least 1, not 1.5"],
  ];
  const untyped: [Record<string, unknown>, string][] = [
    [{ norm: "max" }, "norm must be spectral or frobenius, not max"],
    [{ averaging: "no" }, "averaging must be true or false, not no"],
    [{ momentum: "0.9" }, "momentum must be at least 0 and below 1, not 0.9"],
    [{ speed: 3 }, "AGD has no setting 'speed'"],
  ];
  for (const [options, message] of [...refusals, ...untyped]) {
    assertThrows(() => agdSettings(options), UsageError, message);
  }
});

Deno.test("agd: a vector without a matrix before it cannot be grouped", () => {
  const table = parameterTable(ODD).filter(({ shape }) => shape.length === 1);
  const target = { gpu, table, weights: new Map(), gradients: new Map() };
  assertThrows(
    () => gpu.allocateAll(() => new Agd(target, { vectors: "grouped" })),
    UsageError,
    "h.0.ln_1.weight: there is no matrix before it to join",
  );
});

for (const norm of ["spectral", "frobenius"] as const) {
  Deno.test(`agd, ${norm}: what is not asked for holds no memory`, () => {
    const weights = randomWeights(ODD, 1);
    using none = new Bench(
      ...[gpu, ODD, weights] as const,
      (target) =>
        new Agd(target, {
          norm,
          momentum: 0,
          averaging: false,
          rowHistory: false,
          vectors: "none",
        }),
    );
    assertEquals([...none.optimizer.state], []);
    assertEquals(none.optimizer.evaluationWeights, none.target.weights);
    const momenta = [...weights.keys()].map((name) => `momentum.${name}`);
    using all = new Bench(
      ...[gpu, ODD, weights] as const,
      (target) => new Agd(target, { norm, momentum: 0.5, averaging: true, vectors: "own" }),
    );
    const histories = norm === "spectral"
      ? ["row_squares.wte.weight", "row_squares.wpe.weight"]
      : [];
    assertEquals([...all.optimizer.state.keys()], ["progress", ...momenta, ...histories]);
  });

  Deno.test(`agd, ${norm}: a history of rows alone needs the number of steps`, () => {
    using bench = new Bench(
      ...[gpu, ODD, randomWeights(ODD, 1)] as const,
      (target) =>
        new Agd(target, {
          norm,
          embeddings: "rows",
          rowHistory: true,
          momentum: 0,
          averaging: false,
        }),
    );
    const histories = ["row_squares.wte.weight", "row_squares.wpe.weight"];
    assertEquals([...bench.optimizer.state.keys()], ["progress", ...histories]);
  });

  Deno.test(`agd, ${norm}: vectors that are not trained stay as they are`, async () => {
    const weights = randomWeights(ODD, 2);
    using bench = new Bench(
      ...[gpu, ODD, weights] as const,
      (target) => new Agd(target, { norm, vectors: "none", averaging: true }),
    );
    const after = await bench.step(randomWeights(ODD, 3));
    const vectors = bench.target.table.filter(({ shape }) => shape.length === 1);
    const names = vectors.map(({ name }) => name);
    assertUnchanged(after, weights, names);
    assertUnchanged(await readTensors(gpu, bench.optimizer.evaluationWeights), weights, names);
  });
}
