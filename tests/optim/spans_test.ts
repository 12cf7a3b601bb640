import { assertEquals } from "@std/assert";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { Plan } from "../../src/gpu/plan.ts";
import type { Gpt2Config } from "../../src/model/config.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import { allocateLike } from "../../src/model/weights.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { spansOf } from "../../src/optim/spans.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { LARGE_VOCABULARY, ODD, randomWeights, readTensors, SLIM } from "../model/helpers.ts";
import { openTestGpu } from "../ops/helpers.ts";
import { Bench, type Make } from "./helpers.ts";

const gpu = await openTestGpu();
const slim = await openTestGpu(SLIM);

/** What the spans of weights and gradients hold, as [name, offset, rows] of each segment. */
function segmentsOf(on: Gpu, config: Gpt2Config) {
  const table = parameterTable(config);
  const trained = table.filter(({ trainable }) => trainable);
  const maps = [allocateLike(on, table, "weight"), allocateLike(on, trained, "gradient")];
  const spans = spansOf(on, trained, maps);
  for (const { tensors, segments } of spans) {
    for (const { spec: { name }, offset, rows, columns } of segments) {
      tensors.forEach((tensor, i) => {
        const whole = maps[i].get(name)!;
        const start = tensor.byteOffset + offset * 4;
        assertEquals(tensor.buffer, whole.buffer);
        assertEquals((start - whole.byteOffset) % (columns * 4), 0);
        assertEquals(rows * columns <= whole.size, true);
        assertEquals(start + rows * columns * 4 <= tensor.byteOffset + tensor.byteLength, true);
      });
    }
  }
  for (const map of maps) on.free(...map.values());
  return spans.map(({ segments }) =>
    segments.map(({ spec, offset, rows }) => [spec.name, offset, rows] as const)
  );
}

Deno.test("spans: all trained parameters are one, matrices before vectors", () => {
  const spans = segmentsOf(gpu, { ...ODD, affine: false });
  assertEquals(spans.length, 1);
  const names = spans[0].map(([name]) => name);
  assertEquals(names.slice(0, 3), ["wte.weight", "wpe.weight", "h.0.attn.c_attn.weight"]);
  assertEquals(names.at(-1), "h.1.mlp.c_proj.bias");
  assertEquals(names.findIndex((name) => name.endsWith(".bias")), 10);
  assertEquals(names.length, 18);
});

Deno.test("spans: a tensor above a binding is cut into rows", () => {
  const spans = segmentsOf(slim, LARGE_VOCABULARY);
  assertEquals(spans.slice(0, 2), [[["wte.weight", 0, 256]], [["wte.weight", 0, 7]]]);
  assertEquals(spans.length > 3, true);
  assertEquals(spans.slice(2).flat().map(([, , rows]) => rows).includes(0), false);
});

Deno.test("spans: tensors with buffers of their own are spans of their own", () => {
  const table = parameterTable(ODD);
  const map = new Map(table.map(({ name, shape }) => [name, gpu.tensor(name, shape)]));
  const spans = spansOf(gpu, table, [map]);
  assertEquals(spans.length, table.length);
  gpu.free(...map.values());
});

const OPTIMIZERS: Record<string, Make> = {
  "agd, spectral": (target) => new Agd(target),
  "agd, frobenius": (target) => new Agd(target, { norm: "frobenius" }),
  adamw: (target) => new AdamW(target, { learningRate: 0.01 }),
  sgd: (target) => new Sgd(target, { learningRate: 0.1 }),
};

/** Kernel launches of a step. */
function dispatchesOf(make: Make, config: Gpt2Config): number {
  using bench = new Bench(gpu, config, randomWeights(config, 1), make);
  const { run } = Plan.prototype;
  let dispatches = 0;
  Plan.prototype.run = function () {
    dispatches += this.dispatches;
  };
  try {
    bench.optimizer.step();
  } finally {
    Plan.prototype.run = run;
  }
  return dispatches;
}

for (const [name, make] of Object.entries(OPTIMIZERS)) {
  Deno.test(`${name}: the number of kernel launches does not depend on that of layers`, () => {
    const few = dispatchesOf(make, { ...ODD, layers: 1 });
    assertEquals(few > 0, true);
    assertEquals(dispatchesOf(make, { ...ODD, layers: 12 }), few);
  });

  Deno.test(`${name}: parameters in buffers of their own move as those side by side do`, async () => {
    const weights = randomWeights(ODD, 3);
    const gradients = randomWeights(ODD, 4);
    using bench = new Bench(gpu, ODD, weights, make);
    await bench.step(gradients);
    const expected = await bench.step(gradients);

    const table = parameterTable(ODD);
    const separate = (values: typeof weights) =>
      new Map(table.map(({ name, shape }) => [
        name,
        gpu.tensorFrom(name, shape, Float32Array.from(values.get(name)!)),
      ]));
    const target = { gpu, table, weights: separate(weights), gradients: separate(gradients) };
    const optimizer = make(target);
    optimizer.step();
    for (const [name, tensor] of target.gradients) {
      gpu.write(tensor, Float32Array.from(gradients.get(name)!));
    }
    optimizer.step();
    assertEquals(await readTensors(gpu, target.weights), expected);
    optimizer[Symbol.dispose]();
    gpu.free(...target.weights.values(), ...target.gradients.values());
  });
}
