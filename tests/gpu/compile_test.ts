import { assertEquals } from "@std/assert";
import { compileKernels } from "../../src/gpu/compile.ts";
import { Plan } from "../../src/gpu/plan.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

/** A kernel that adds a term to a number. */
function adding(term: number) {
  return gpu.kernel(
    "adding",
    `
    @group(0) @binding(0) var<uniform> one: u32;
    @group(0) @binding(1) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1) fn main() { x[0] += f32(one) * ${term}.0; }
    `,
  );
}

/** A plan that adds terms to a number. */
function planOf(...terms: number[]) {
  const x = gpu.tensor("x", [1]);
  const plan = new Plan(gpu);
  for (const term of terms) plan.dispatch(adding(term), [1], [1], [x]);
  return { x, plan };
}

Deno.test("compileKernels compiles each kernel of plans once, and changes nothing", async () => {
  const [one, other] = [planOf(1, 2, 3, 2, 1), planOf(3, 4)];
  const told: [number, number][] = [];
  const onProgress = (done: number, kernels: number) => void told.push([done, kernels]);
  await compileKernels(gpu, [one.plan, other.plan], { onProgress });
  assertEquals(told[0], [0, 4]);
  assertEquals(told.at(-1), [4, 4]);
  assertEquals([await gpu.read(one.x), await gpu.read(other.x)], [
    ...[Float32Array.of(0), Float32Array.of(0)],
  ]);
  for (const { plan } of [one, other]) plan.run();
  assertEquals([await gpu.read(one.x), await gpu.read(other.x)], [
    ...[Float32Array.of(9), Float32Array.of(7)],
  ]);
  told.splice(0);
  const third = planOf(4, 5);
  await compileKernels(gpu, [third.plan, planOf(1).plan], { onProgress });
  assertEquals(told, [[0, 1], [1, 1]]);
  await compileKernels(gpu, [third.plan], { onProgress });
  assertEquals(told.length, 2);
});

Deno.test("compileKernels stops when aborted", async () => {
  const stop = new AbortController();
  const told: number[] = [];
  await compileKernels(gpu, [planOf(10, 11, 12, 13, 14, 15).plan], {
    signal: stop.signal,
    onProgress: (done) => {
      told.push(done);
      if (done > 0) stop.abort();
    },
  });
  assertEquals(told, [0, 1]);
});
