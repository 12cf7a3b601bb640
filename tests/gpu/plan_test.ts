import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { f32, Plan, spread } from "../../src/gpu/plan.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu({ maxBindingBytes: 1024 });

/** x = x * factor + term for the first `size` elements. */
const affine = gpu.kernel(
  "affine",
  `
  struct Parameters { size: u32, factor: f32, term: u32 }
  @group(0) @binding(0) var<uniform> parameters: Parameters;
  @group(0) @binding(1) var<storage, read_write> x: array<f32>;
  @compute @workgroup_size(1)
  fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = id.x + id.y * groups.x;
    if (i < parameters.size) { x[i] = x[i] * parameters.factor + f32(parameters.term); }
  }
`,
);

function tensorOf(...values: number[]) {
  return gpu.tensorFrom("x", [values.length], Float32Array.from(values));
}

Deno.test("plan: operations happen in order, and again in every run", async () => {
  const x = tensorOf(1, 2, 3);
  const y = tensorOf(0, 0, 0);
  const plan = new Plan(gpu);
  plan.dispatch(affine, [3], [3, f32(0.5), 1], [x]); // 1.5 2 2.5
  plan.copy(x, y);
  plan.dispatch(affine, [2], [2, f32(-2), 0], [x]); // -3 -4 2.5
  plan.dispatch(affine, [3], [3, f32(1), 7], [x]); // 4 3 9.5
  assertEquals(plan.dispatches, 3);
  plan.run();
  assertEquals(await gpu.read(y), Float32Array.of(1.5, 2, 2.5));
  assertEquals(await gpu.read(x), Float32Array.of(4, 3, 9.5));
  plan.run();
  assertEquals(await gpu.read(y), Float32Array.of(3, 2.5, 5.75));
  assertEquals(await gpu.read(x), Float32Array.of(1, 2, 12.75));
});

Deno.test("plan: its parts are submitted one by one, each with what it has finished", async () => {
  const [x, y] = [tensorOf(1), tensorOf(2)];
  const plan = new Plan(gpu);
  plan.dispatch(affine, [1], [1, f32(2), 0], [x]);
  plan.finish(x);
  plan.copy(x, y);
  plan.dispatch(affine, [1], [1, f32(5), 0], [y]);
  plan.finish(y);
  plan.finish();
  const seen: unknown[] = [];
  for (const tensors of plan.parts()) {
    seen.push([tensors, (await gpu.read(x))[0], (await gpu.read(y))[0]]);
  }
  assertEquals(seen, [[[x], 2, 2], [[y], 2, 10], [[], 2, 10]]);
  plan.run();
  assertEquals([...await gpu.read(x), ...await gpu.read(y)], [4, 20]);
});

Deno.test("plan: a copy of some rows goes to the beginning of where it is led", async () => {
  const from = tensorOf(1, 2, 3, 4).rows(1, 2);
  const to = tensorOf(0, 0, 0, 0, 0);
  const plan = new Plan(gpu);
  plan.copy(from, to.from(1));
  plan.run();
  assertEquals(await gpu.read(to), Float32Array.of(0, 2, 3, 0, 0));
});

Deno.test("plan: clear touches nothing but the tensor", async () => {
  const x = tensorOf(1, 2, 3, 4, 5);
  const plan = new Plan(gpu);
  plan.clear(x.rows(1, 2));
  plan.dispatch(affine, [5], [5, f32(1), 1], [x]);
  plan.run();
  assertEquals(await gpu.read(x), Float32Array.of(2, 1, 1, 5, 6));
});

Deno.test("plan: a long one is submitted in parts, no single kernel split", async () => {
  const x = tensorOf(1, 2);
  const plan = new Plan(gpu);
  for (const work of [0, 1e10, 1e10 - 2, 1, 5e10, 0]) {
    plan.dispatch(affine, [2], [2, f32(2), 1], [x], work);
  }
  const { queue } = gpu.device;
  const { submit } = queue;
  let submissions = 0;
  queue.submit = (commands) => {
    submissions++;
    submit.call(queue, commands);
  };
  plan.run();
  queue.submit = submit;
  assertEquals(submissions, 4); // the first three, one more, the longest, and the last
  assertEquals(await gpu.read(x), Float32Array.of(127, 191));
});

Deno.test("plan: its work by section is that of its launches, or their tensors' elements", () => {
  const x = tensorOf(1, 2, 3);
  const plan = new Plan(gpu);
  plan.dispatch(affine, [3], [3, f32(2), 1], [x]);
  plan.section("named");
  plan.dispatch(affine, [3], [3, f32(2), 1], [x], 100);
  plan.dispatch(affine, [3], [3, f32(2), 1], [x], 11);
  plan.clear(x);
  assertEquals([...plan.work], [["", 3], ["named", 111]]);
});

Deno.test("plan: an empty one does nothing", async () => {
  new Plan(gpu).run();
  await gpu.finish();
});

Deno.test("plan: one that has run cannot grow", () => {
  const plan = new Plan(gpu);
  plan.run();
  assertThrows(() => plan.clear(tensorOf(1)), Error, "a plan that has run cannot grow");
});

Deno.test("plan: a binding over the limit is one line that says which and what to do", () => {
  const large = gpu.tensor("activations", [257]);
  const error = assertThrows(
    () => new Plan(gpu).dispatch(affine, [1], [1, f32(1), 0], [large]),
    UserError,
    "activations needs a binding of 1,040 bytes",
  );
  assertEquals(error.message.split("\n").length, 1);
  new Plan(gpu).dispatch(affine, [1], [1, f32(1), 0], [large.rows(0, 256)]);
});

Deno.test("spread: enough workgroups, at most 65,535 along an axis", () => {
  assertEquals(spread(1), [1]);
  assertEquals(spread(65_535), [65_535]);
  assertEquals(spread(65_536), [65_535, 2]);
  assertEquals(spread(1_000_000), [65_535, 16]);
});
