import { assert, assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { benchKernels } from "../../bench/kernels.ts";
import { benchPhases, byParts } from "../../bench/phases.ts";
import { benchSample } from "../../bench/sample.ts";
import { benchScaling } from "../../bench/scaling.ts";
import { OpenShape, shapeOf } from "../../bench/shapes.ts";
import { benchSteps } from "../../bench/steps.ts";
import { sum } from "../../bench/statistics.ts";
import { Machine } from "../../bench/machine.ts";
import type { Result } from "../../bench/result.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const directory = await Deno.makeTempDir();
Deno.test.afterAll(() => Deno.remove(directory, { recursive: true }));
const machine = await Machine.open(
  gpu,
  { rounds: 1, seconds: 0.001 },
  { directory, milliseconds: 0 },
);

const MINI = { layers: 1, heads: 1, width: 16, context: 8, vocabularySize: 300 };

/** Every quantity must be a positive number, and all memory given back. */
async function collect(results: AsyncGenerator<Result>): Promise<Result[]> {
  const before = gpu.allocatedBytes;
  const all = await Array.fromAsync(results);
  for (const { name, ...quantities } of all) {
    for (const [quantity, value] of Object.entries(quantities)) {
      assert(Number.isFinite(value) && Number(value) >= 0, `${name}: ${quantity} is ${value}`);
    }
  }
  assertEquals(gpu.allocatedBytes, before);
  return all;
}

Deno.test("kernels: forward and backward of every operation", async () => {
  const rows = { tokens: 16, width: 16 };
  const results = await collect(benchKernels(machine, {
    peak: { workgroups: 1, bytes: 2 ** 16 },
    blocks: [rows],
    squares: [16],
    attentions: [{ batch: 1, length: 16, heads: 1, width: 16 }],
    rows: { ...rows, vocabulary: 300 },
    output: { ...rows, vocabulary: 300 },
    optimized: [{ ...MINI, bias: true, affine: true }],
  }));
  const names = results.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length); // or two of them would be compared as one
  for (
    const operation of [
      "c_fc NN",
      "c_fc NT",
      "c_fc TN",
      "attention backward",
      "layer norm backward",
    ]
  ) {
    assert(names.some((name) => name.startsWith(operation)), operation);
  }
  for (const result of results.slice(2)) assertGreater(Number(result.ms), 0, result.name);
  const products = results.filter(({ name }) => / (NN|NT|TN)/.test(name)).slice(0, 12);
  const all = results.find(({ name }) => name.startsWith("all 12"))!;
  assertAlmostEquals(Number(all.ms), sum(products.map(({ ms }) => Number(ms))), 1e-6);
});

Deno.test("phases, steps and scaling of a small shape", async () => {
  const shape = shapeOf("mini", 1, MINI);
  const phases = await collect(benchPhases(machine, [shape], 0.02));
  const part = (name: string) =>
    Number(phases.find((result) => result.name === `mini, 1 x 8 tokens: ${name}`)!.ms);
  const parts = ["forward", "loss", "backward", "optimiser"].map(part);
  for (const ms of parts) assertGreater(ms, 0);
  assertGreater(part("whole step"), Math.max(...parts));

  const [step] = await collect(benchSteps(machine, [shape], 0.02));
  assertAlmostEquals(Number(step["tokens/s"]), 8 / Number(step["ms a step"]) * 1000, 1e-6);

  const values = { width: [16, 32], layers: [1], context: [8], batch: [1, 2] };
  const base = { ...MINI, batch: 1, headSize: 16 };
  const scaling = await collect(benchScaling(machine, { base, values }));
  const names = ["width 16", "width 32", "layers 1", "context 8", "batch 1", "batch 2"];
  assertEquals(scaling.map(({ name }) => name), names);
  assertEquals(scaling[0]["times predicted"], 1);
  assertEquals(gpu.observer, undefined);
});

Deno.test("sample: one and many samples, and past the context", async () => {
  const shape = shapeOf("mini", 1, MINI);
  const results = await collect(benchSample(machine, [shape], 0.01));
  assertEquals(results.map(({ name }) => name), [
    "mini, 1 sample",
    "mini, 8 samples",
    "mini, 32 samples",
    "mini, 1 sample past the context, restart",
    "mini, 1 sample past the context, slide",
  ]);
  for (const result of results) assertGreater(Number(result["tokens/s"]), 0, result.name);
});

Deno.test("phases: without timestamps each part is measured by itself", async () => {
  using open = await OpenShape.open(machine, shapeOf("mini", 1, MINI));
  open.submitStep(); // compiles
  const { whole, ...parts } = await byParts(machine.stopwatch, open, 20);
  assertEquals(Object.keys(parts), ["forward", "loss", "backward", "optimiser"]);
  for (const [name, seconds] of Object.entries(parts)) assertGreater(seconds, 0, name);
  assertGreater(sum(Object.values(parts)), whole / 4);
  assertEquals(gpu.observer, undefined);
});

Deno.test("steps: what does not fit is skipped, and told why", async () => {
  const { maxBufferSize } = gpu.device.limits;
  const context = Math.ceil(maxBufferSize / 16 / 4);
  const results = benchSteps(machine, [shapeOf("large", 1, { ...MINI, context })]);
  const [{ name, skipped }] = await Array.fromAsync(results);
  assertEquals(name, `large, 1 x ${context} tokens`);
  assert(skipped?.includes(gpu.adapterName), skipped);
});
