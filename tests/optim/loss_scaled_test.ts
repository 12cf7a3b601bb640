import { assertEquals } from "@std/assert";
import type { Tensor } from "../../src/gpu/tensor.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { lossScale, LossScaled } from "../../src/optim/loss_scaled.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

const TABLE = [{
  name: "weight",
  shape: [2, 3],
  role: "matrix",
  parts: 1,
  fanIn: 3,
  fanOut: 2,
  residual: false,
  trainable: true,
}] as const;

function target(): { weight: Tensor; gradient: Tensor; optimizer: LossScaled; scale: Tensor } {
  const [weight, gradient] = ["weight", "gradient"].map((label) => gpu.tensor(label, [2, 3]));
  const scale = lossScale(gpu, 8);
  const maps = {
    weights: new Map([["weight", weight]]),
    gradients: new Map([["weight", gradient]]),
  };
  const all = { gpu, table: TABLE, ...maps };
  const inner = new Sgd(all, { learningRate: 1, momentum: 0 });
  return { weight, gradient, scale, optimizer: new LossScaled(inner, all, scale) };
}

Deno.test("loss scaling: gradients are divided by the scale", async () => {
  const { weight, gradient, optimizer } = target();
  gpu.write(gradient, Float32Array.of(8, -16, 0, 24, 1, 80));
  optimizer.step();
  assertEquals([...await gpu.read(weight)], [-1, 2, 0, -3, -0.125, -10]);
  assertEquals(optimizer.kind, "sgd, f16");
  optimizer[Symbol.dispose]();
});

Deno.test("loss scaling: an overflow halves the scale, and its step is skipped", async () => {
  const { weight, gradient, optimizer, scale } = target();
  for (const [bad, expected] of [[Infinity, 4], [NaN, 2], [-Infinity, 1], [Infinity, 1]]) {
    gpu.write(gradient, Float32Array.of(1, 1, bad, 1, 1, 1));
    optimizer.step();
    assertEquals([...await gpu.read(scale)], [expected, 0]);
    assertEquals((await gpu.read(optimizer.summary!))[0], 1);
  }
  assertEquals([...await gpu.read(weight)], [0, 0, 0, 0, 0, 0]);
  gpu.write(gradient, Float32Array.of(1, 0, 0, 0, 0, 0));
  optimizer.step();
  assertEquals([...await gpu.read(scale)], [1, 1]);
  assertEquals((await gpu.read(weight))[0], -1);
  optimizer[Symbol.dispose]();
});

Deno.test("loss scaling: 200 steps without an overflow double the scale, up to 2^24", async () => {
  const { gradient, optimizer, scale } = target();
  gpu.write(gradient, new Float32Array(6));
  for (let step = 0; step < 199; step++) optimizer.step();
  assertEquals([...await gpu.read(scale)], [8, 199]);
  optimizer.step();
  assertEquals([...await gpu.read(scale)], [16, 0]);
  gpu.write(scale, Float32Array.of(2 ** 24, 199));
  optimizer.step();
  assertEquals([...await gpu.read(scale)], [2 ** 24, 0]);
  assertEquals(optimizer.state.get("loss_scale"), scale);
  optimizer[Symbol.dispose]();
});

Deno.test("loss scaling: norms are the optimiser's, if it measures any", async () => {
  const sgd = target().optimizer;
  assertEquals(sgd.norms, undefined);
  sgd[Symbol.dispose]();
  const [weight, gradient] = ["weight", "gradient"].map((label) => gpu.tensor(label, [2, 3]));
  const maps = {
    weights: new Map([["weight", weight]]),
    gradients: new Map([["weight", gradient]]),
  };
  const all = { gpu, table: TABLE, ...maps };
  const agd = new LossScaled(new Agd(all), all, lossScale(gpu, 8));
  gpu.write(gradient, Float32Array.of(8, -16, 0, 24, 1, 80));
  agd.step();
  assertEquals(Object.keys(await agd.norms!()), ["matrices"]);
  agd[Symbol.dispose]();
});

Deno.test("loss scaling: the learning rate is the optimiser's", () => {
  const { optimizer } = target();
  assertEquals(optimizer.learningRate, 1);
  optimizer.learningRate = 0.5;
  assertEquals(optimizer.learningRate, 0.5);
  optimizer[Symbol.dispose]();
});
