import { assertAlmostEquals, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import {
  type Bucket,
  RunSeries,
  type SeriesPart,
  SeriesTeller,
  ThinnedField,
} from "../../src/dashboard/series.ts";

Deno.test("however long a run is, few points are left, with every extreme and the mean", () => {
  const field = new ThinnedField();
  let sum = 0;
  for (let step = 1; step <= 100_000; step++) {
    const value = step === 77_777 ? 1000 : step === 33_333 ? -1000 : Math.sin(step);
    field.add(step, 10 * step, step / 2, value);
    sum += value;
  }
  const { buckets, size } = field;
  assertLessOrEqual(buckets.length, 2048);
  assertLess(1024, buckets.length);
  assertEquals(size, 64);
  assertEquals(Math.max(...buckets.map((bucket) => bucket[5])), 1000);
  assertEquals(Math.min(...buckets.map((bucket) => bucket[4])), -1000);
  const spike = buckets.find((bucket) => bucket[5] === 1000)!;
  assertLessOrEqual(Math.abs(spike[0] - 77_777), size);
  assertEquals(buckets.at(-1)!.slice(0, 3), [100_000, 1_000_000, 50_000]);
  const inLast = 100_000 - (buckets.length - 1) * size;
  const total = buckets.reduce(
    (total, bucket, i) => total + bucket[3] * (i < buckets.length - 1 ? size : inLast),
    0,
  );
  assertAlmostEquals(total, sum, 1e-6);
});

Deno.test("the fields of a line are told apart, and what is no step is left out", () => {
  const series = new RunSeries();
  const norms = { matrices: { gradient: 1, update: 2, weight: 3 }, broken: 4 };
  const step = { step: 1, tokens: 8, loss: 2, val_loss: null, seconds: 0.5, norms };
  const skipped = { ...step, step: 2, skipped: true, loss_scale: 512 };
  for (const line of [step, { loss: 1 }, 7, null, skipped, { ...step, step: 3 }]) {
    series.addLine(JSON.stringify(line));
  }
  series.addLine("{");
  assertEquals(series.steps, 3);
  assertEquals(series.fields.get("loss_scale")!.buckets, [[2, 8, 0.5, 512, 512, 512]]);
  assertEquals([...series.fields.keys()].sort(), [
    ...[
      "loss",
      "loss_scale",
      "norm/gradient/matrices",
      "norm/update/matrices",
      "norm/weight/matrices",
    ],
    "skipped",
  ]);
  assertEquals(series.fields.get("skipped")!.buckets, [[2, 8, 0.5, 1, 1, 1], [3, 8, 0.5, 1, 1, 1]]);
  for (let i = 0; i < 1000; i++) {
    series.addLine(JSON.stringify({ step: 3, norms: { [i]: { weight: 1 } } }));
  }
  assertLessOrEqual(series.fields.size, 256);
});

Deno.test("a reader who is told only what is new has it all", () => {
  const series = new RunSeries();
  const teller = new SeriesTeller();
  let known: Bucket[] = [];
  let told = 0;
  const listen = () => {
    const news = teller.news(series);
    const part: SeriesPart | undefined = news?.fields.loss;
    if (news?.reset) known = [];
    if (!part) return;
    known.length = part.from;
    known.push(...structuredClone(part.buckets));
    told += part.buckets.length;
  };
  const add = (step: number) =>
    series.addLine(JSON.stringify({ step, tokens: step, loss: step % 7 }));
  for (let step = 1; step <= 2000; step++) {
    add(step);
    if (step % 3 === 0) listen();
  }
  listen();
  assertEquals(told, 2000); // each once
  assertEquals(teller.news(series), undefined);
  for (let step = 2001; step <= 9000; step++) {
    add(step);
    if (step % 1000 === 1) listen();
  }
  listen();
  assertEquals(known, series.fields.get("loss")!.buckets);
  series.reset();
  add(1);
  listen();
  assertEquals(known, [[1, 1, null, 1, 1, 1]]);
});
