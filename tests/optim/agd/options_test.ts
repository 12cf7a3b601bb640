import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/errors.ts";
import { type ParameterSpec, parameterTable } from "../../../src/model/parameters.ts";
import { Agd } from "../../../src/optim/agd/agd.ts";
import {
  type AgdOptions,
  agdSettings,
  describeAgd,
  presentKind,
  settingsOfKind,
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
  { cautious: false },
  { shortening: false },
  { growth: 2, momentum: 0.02 },
  { growth: 2, momentum: 0.02, cautious: false },
  { growth: 2, momentum: 0.02, shortening: false },
  { growth: 2, momentum: 0.02, embeddings: "matrix", vectors: "grouped" },
  { growth: 3, momentum: 0.02, averaging: false },
  { momentum: 0.95 },
  { averaging: false },
  { shares: "equal" },
  { rowHistory: false },
  { momentum: 0.02, growth: 3, averaging: 3, rowHistory: 2 },
  { shares: "equal", vectors: "grouped", embeddings: "matrix" },
];
const frobenius: AgdOptions[] = [
  { vectors: "own" },
  { vectors: "none" },
  { embeddings: "rows" },
  { embeddings: "rows", vectors: "own" },
  { embeddings: "rows", rowHistory: true },
  { momentum: 0.9 },
  { momentum: 0.8, nesterov: true, growth: true },
  { momentum: 0.02, cautious: true, growth: 2 },
  { momentum: 0.02, shortening: true, growth: 2 },
  { averaging: true },
  { shares: "proportional" },
];

const cases = [...spectral, ...frobenius.map((options) => ({ norm: "frobenius", ...options }))];
for (const options of cases as AgdOptions[]) {
  Deno.test(`agd: five steps are the reference's: ${describeAgd(agdSettings(options))}`, async () => {
    const make = (target: OptimizerTarget) => new Agd(target, options);
    const reference = (table: ParameterSpec[], initial: Tensors) => {
      const agd = new ReferenceAgd(table, initial, options);
      const isAveraged = options.averaging ?? options.norm !== "frobenius";
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
  const { growth, nesterov, rowHistory } = agdSettings({ momentum: 0, embeddings: "matrix" });
  assertEquals([growth, nesterov, rowHistory], [false, false, false]);
  const off = { growth: false, nesterov: false, rowHistory: false };
  const bare = { momentum: 0, embeddings: "matrix" } as const;
  assertEquals(agdSettings({ ...bare, ...off }), agdSettings(bare));
});

Deno.test("agd: it is described by what is not its default", () => {
  const text = (options: AgdOptions) => describeAgd(agdSettings(options));
  assertEquals(text({}), "agd spectral");
  assertEquals(text({ momentum: 0.8 }), "agd spectral");
  assertEquals(text({ norm: "frobenius" }), "agd frobenius");
  assertEquals(
    text({ momentum: 0, averaging: false }),
    "agd spectral, momentum 0, averaging false",
  );
  assertEquals(text({ norm: "frobenius", momentum: 0.9 }), "agd frobenius, momentum 0.9");
});

Deno.test("agd: its kind spells all settings out", () => {
  assertEquals(
    spellOutAgd(agdSettings({ momentum: 0 })),
    "agd spectral, vectors own, embeddings rows, momentum 0, averaging 8, " +
      "shares proportional, growth false, nesterov false, rowHistory 2, cautious false, " +
      "shortening false",
  );
});

Deno.test("agd: a kind that tells of settings which there were once is one of now", () => {
  const spectral = "agd spectral, vectors own, embeddings rows, momentum 0.9, averaging true";
  const frobenius =
    "agd frobenius, vectors grouped, embeddings matrix, momentum 0, averaging false";
  const published = `${frobenius}, depth maps, shares equal, polarSteps 0, growth false, ` +
    "nesterov false, ramp false, rowHistory false";
  const proportional = (polarSteps: number) =>
    `${spectral}, depth parameters, shares proportional, polarSteps ${polarSteps}, growth true, ` +
    "nesterov true, ramp true, rowHistory true";
  const former = { momentum: 0.9, rowHistory: 8, cautious: false, shortening: false };
  const today = spellOutAgd(agdSettings({ ...former, growth: 30 }))
    .replace("nesterov 0/0.5/1", "nesterov fading");
  const publishedToday = spellOutAgd(agdSettings({ norm: "frobenius" }));
  assertEquals(presentKind(proportional(4)), today);
  assertEquals(presentKind(`${proportional(4)}, f16`), `${today}, f16`);
  assertEquals(presentKind(published), publishedToday);
  const withoutMomentum = proportional(4).replace("momentum 0.9", "momentum 0")
    .replace("growth true, nesterov true, ramp true", "growth false, nesterov false, ramp false");
  const bare = spellOutAgd(agdSettings({ momentum: 0, rowHistory: 8 }));
  assertEquals(presentKind(withoutMomentum), bare);

  const withoutGrowth = proportional(4).replace("growth true", "growth false");
  const looksAhead = spellOutAgd(agdSettings({ ...former, growth: false }));
  assertEquals(presentKind(withoutGrowth), looksAhead);

  // Once matrices, rows and vectors alike looked ahead as far as ever.
  const version = spellOutAgd(agdSettings({}));
  const lasting = version.replace("nesterov 0/0.5/1", "nesterov true");
  assertEquals(presentKind(lasting), version.replace("nesterov 0/0.5/1", "nesterov lasting"));

  // What AGD does not do any more stays in the name.
  const told = (kind: string) =>
    presentKind(kind).split(", ").filter((part) => !today.includes(part));
  assertEquals(told(proportional(3)), ["polarSteps 3"]);
  assertEquals(told(proportional(4).replace("ramp true", "ramp false")), ["ramp false"]);
  assertEquals(told(proportional(4).replace("depth parameters", "depth maps")), ["depth maps"]);
  for (const kind of [today, version, looksAhead, publishedToday, "adamw", "sgd, f16"]) {
    assertEquals(presentKind(kind), kind);
  }
});

Deno.test("agd: its settings are read back from its kind", () => {
  for (const options of cases as AgdOptions[]) {
    const kind = spellOutAgd(agdSettings(options));
    const readBack = (kind: string) => spellOutAgd(settingsOfKind(kind)!);
    assertEquals([readBack(kind), readBack(`${kind}, local steps, f16`)], [kind, kind]);
  }
  const today = spellOutAgd(agdSettings({}));
  const before = today.replace(", shortening true", "");
  for (const kind of [before, before.replace(", cautious true", "")]) {
    const { cautious, shortening } = settingsOfKind(presentKind(`${kind}, f16`))!;
    assertEquals([cautious, shortening], [kind === before, false]);
  }
  const others = new Map([
    ["momentum 0.8", "momentum 2"],
    ["nesterov 0/0.5/1", "nesterov fading"],
    ["growth 15", "growth 0/0.5/1"],
    ["rows", "cells"],
    ["agd", "sgd"],
  ]);
  for (const [part, other] of others) {
    assertEquals(settingsOfKind(today.replace(part, other)), undefined);
  }
  for (const kind of ["adamw", "sgd, f16", ""]) {
    assertEquals(settingsOfKind(kind), undefined, kind);
  }
});

Deno.test("agd: settings that mean nothing are refused", () => {
  const refusals: [AgdOptions, string][] = [
    [{ momentum: 1 }, "momentum must be at least 0 and below 1, not 1"],
    [{ momentum: -0.1 }, "momentum must be at least 0 and below 1, not -0.1"],
    [{ momentum: NaN }, "momentum must be at least 0 and below 1, not NaN"],
    [{ momentum: 0, growth: true }, "growth is that of a momentum, which is 0"],
    [{ momentum: 0, nesterov: true }, "nesterov looks ahead along a momentum, which is 0"],
    [{ norm: "frobenius", nesterov: true }, "nesterov looks ahead along a momentum, which is 0"],
    [{ momentum: 0, cautious: true }, "cautious steps are along a momentum that grows"],
    [{ growth: false, cautious: true }, "cautious steps are along a momentum that grows"],
    [{ growth: false, shortening: true }, "shortening goes with a momentum that grows"],
    [{ embeddings: "matrix", rowHistory: true }, "rowHistory is of embeddings by rows"],
    [{ norm: "frobenius", rowHistory: true }, "rowHistory is of embeddings by rows"],
  ];
  const untyped: [Record<string, unknown>, string][] = [
    [{ norm: "max" }, "norm must be spectral or frobenius, not max"],
    [{ averaging: 0 }, "averaging must be true, false or an integer above 0, not 0"],
    [{ growth: 1.5 }, "growth must be true, false or an integer above 0, not 1.5"],
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
