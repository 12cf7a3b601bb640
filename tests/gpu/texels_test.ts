import { assertEquals, assertGreater } from "@std/assert";
import { canReadTexels } from "../../src/gpu/gpu.ts";
import { Plan, spread } from "../../src/gpu/plan.ts";
import type { Tensor } from "../../src/gpu/tensor.ts";
import { type TexelFormat, Texels } from "../../src/gpu/texels.ts";
import { READ } from "../../src/ops/includes.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const ignore = !canReadTexels();

const SOURCE = `
  struct Parameters { count: u32 }
  @group(0) @binding(0) var<uniform> parameters: Parameters;
  //: if VECTOR
  //: include read NAME=x BINDING=1 TYPE=f32
  //: include read NAME=y BINDING=2 TYPE=f32
  @group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
  //: else
  //: include read_scalars NAME=x BINDING=1 TYPE=f32
  //: include read_scalars NAME=y BINDING=2 TYPE=f32
  @group(0) @binding(3) var<storage, read_write> out: array<f32>;
  //: end
  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = id.x + id.y * groups.x * 64u;
    if (i < parameters.count) { out[i] = read_x(i) + 2.0 * read_y(i); }
  }`;

/** Appends out = x + 2 y, with x and y read as textures. */
function append(plan: Plan, format: TexelFormat, x: Tensor, y: Tensor, out: Tensor): void {
  const VECTOR = format === "rgba32float";
  const kernel = gpu.kernel("test", SOURCE, { VECTOR, TEXELS: true }, READ);
  const count = out.size / (VECTOR ? 4 : 1);
  const texels = [x, y].map((tensor) => new Texels(tensor, format));
  plan.dispatch(kernel, spread(Math.ceil(count / 64)), [count], [...texels, out]);
}

/** A tensor of the numbers from `first` on. */
function numbers(size: number, first: number): Tensor {
  return gpu.tensorFrom("test", [size], Float32Array.from({ length: size }, (_, i) => first + i));
}

for (const format of ["rgba32float", "r32float"] as const) {
  for (const size of [4, 252, 4 * 4096, 4 * 4096 + 4, 12 * 4096, 100_000]) {
    Deno.test({ name: `texels, ${format}: ${size} numbers, twice`, ignore }, async () => {
      const [x, y, out] = [numbers(size, 0), numbers(size, 7), numbers(size, 0)];
      using plan = new Plan(gpu);
      append(plan, format, x, y, out);
      for (const shift of [0, 1]) {
        gpu.write(x, Float32Array.from({ length: size }, (_, i) => i + shift));
        plan.run();
        const expected = Float32Array.from({ length: size }, (_, i) => 3 * i + 14 + shift);
        assertEquals(await gpu.read(out), expected);
      }
      gpu.free(x, y, out);
    });
  }
}

Deno.test({ name: "texels: a launch reads what the one before it wrote", ignore }, async () => {
  const [x, y] = [numbers(400, 0), numbers(400, 0)];
  using plan = new Plan(gpu);
  for (let i = 0; i < 3; i++) append(plan, "rgba32float", x, x, y.from(0));
  append(plan, "rgba32float", y, y, x);
  append(plan, "r32float", x.rows(0, 200), x.from(192), y.rows(0, 200));
  plan.run();
  const nine = (i: number) => 9 * i;
  const expected = Float32Array.from({ length: 200 }, (_, i) => nine(i) + 2 * nine(i + 192));
  assertEquals((await gpu.read(y)).slice(0, 200), expected);
  gpu.free(x, y);
});

Deno.test(
  { name: "texels: plans share textures, which go with the last one", ignore },
  async () => {
    const before = gpu.allocatedBytes;
    const [x, out] = [numbers(16_384, 0), numbers(16_384, 0)];
    const [large, wide] = [numbers(100_000, 0), numbers(100_000, 0)];
    const held = gpu.allocatedBytes;
    const plans = [new Plan(gpu), new Plan(gpu), new Plan(gpu)];
    append(plans[0], "rgba32float", x, x, out);
    append(plans[1], "rgba32float", x, x, out);
    append(plans[2], "rgba32float", large, large, wide);
    const { bytes } = gpu.measure(() => {
      using plan = new Plan(gpu);
      append(plan, "rgba32float", x, x, out);
    });
    assertEquals(gpu.allocatedBytes, held, "those of a plan that has not run are not held");
    plans[0].run();
    assertEquals(gpu.allocatedBytes - held, bytes);
    plans[1].run();
    assertEquals(gpu.allocatedBytes - held, bytes + (bytes - 2 * 65_536), "but for the uniforms");
    plans[2].run();
    assertGreater(gpu.allocatedBytes - held, 14 * 65_536);
    // The first plan keeps its smaller textures.
    plans[0].run();
    assertEquals((await gpu.read(out))[5], 15);
    for (const plan of plans) plan[Symbol.dispose]();
    assertEquals(gpu.allocatedBytes, held);
    gpu.free(x, out, large, wide);
    assertEquals(gpu.allocatedBytes, before);
  },
);
