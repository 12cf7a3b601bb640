import { assert, assertEquals, assertGreater } from "@std/assert";
import { f32, Plan } from "../../src/gpu/plan.ts";
import { hasTimestamps, only, Profile } from "../../src/gpu/profile.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

/** x[i] += term, `rounds` times over. */
const add = gpu.kernel(
  "add",
  `
  struct Parameters { rounds: u32, term: f32 }
  @group(0) @binding(0) var<uniform> parameters: Parameters;
  @group(0) @binding(1) var<storage, read_write> x: array<f32>;
  @compute @workgroup_size(8)
  fn main(@builtin(global_invocation_id) id: vec3u) {
    for (var i = 0u; i < parameters.rounds; i++) { x[id.x] += parameters.term; }
  }
`,
);

/** A plan of a short and a long section, whose long one holds a copy between its two passes. */
function shortAndLong() {
  const x = gpu.tensor("x", [8]);
  const y = gpu.tensor("y", [8]);
  const plan = new Plan(gpu);
  plan.section("short");
  plan.dispatch(add, [1], [1, f32(1)], [x]);
  plan.section("long");
  plan.dispatch(add, [1], [60_000, f32(1)], [x]);
  plan.copy(x, y);
  plan.dispatch(add, [1], [60_000, f32(1)], [x]);
  return { plan, x };
}

Deno.test({
  name: "profile: seconds by section, of every run since the last reading",
  ignore: !hasTimestamps(gpu),
  async fn() {
    const { plan } = shortAndLong();
    plan.run(); // compiles, without being measured
    using profile = new Profile(gpu);
    gpu.observer = profile;
    plan.run();
    const once = await profile.seconds();
    assertEquals([...once.keys()], ["short", "long"]);
    assertGreater(once.get("short")!, 0);
    assertGreater(once.get("long")!, once.get("short")!);
    for (let i = 0; i < 5; i++) plan.run();
    const more = await profile.seconds();
    assertGreater(more.get("long")!, more.get("short")!);
    assertEquals(await profile.seconds(), new Map());
    gpu.observer = undefined;
    plan.run();
    assertEquals(await profile.seconds(), new Map());
  },
});

Deno.test({
  name: "profile: as many passes as need be",
  ignore: !hasTimestamps(gpu),
  async fn() {
    const x = gpu.tensor("x", [8]);
    const plan = new Plan(gpu);
    const sections = Array.from({ length: 2500 }, (_, i) => `${i}`);
    for (const section of sections) {
      plan.section(section);
      plan.dispatch(add, [1], [1, f32(1)], [x]);
    }
    using profile = new Profile(gpu);
    gpu.observer = profile;
    plan.run();
    const seconds = await profile.seconds();
    assertEquals([...seconds.keys()], sections);
    assert([...seconds.values()].every((value) => value >= 0 && value < 60));
  },
});

Deno.test("only: the other sections do not run", async () => {
  const { plan, x } = shortAndLong();
  const sums: number[] = [];
  for (const observer of [only("short"), only(), undefined]) {
    gpu.observer = observer;
    plan.run();
    sums.push((await gpu.read(x))[0]);
  }
  assertEquals(sums, [1, 1, 120_002]);
});
