import { assertEquals, assertGreater } from "@std/assert";
import { canReadTexels } from "../../src/gpu/gpu.ts";
import { KeptTexels } from "../../src/gpu/kept_texels.ts";
import { Plan } from "../../src/gpu/plan.ts";
import type { Tensor } from "../../src/gpu/tensor.ts";
import { Texels } from "../../src/gpu/texels.ts";
import { READ } from "../../src/ops/includes.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const ignore = !canReadTexels();

const SOURCE = `
  @group(0) @binding(0) var<uniform> count: u32;
  //: include read_scalars NAME=x BINDING=1 TYPE=f32
  //: include read_scalars NAME=y BINDING=2 TYPE=f32
  @group(0) @binding(3) var<storage, read_write> out: array<f32>;
  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x < count) { out[id.x] = read_x(id.x) + 10.0 * read_y(id.x); }
  }`;

/** Appends out = x + 10 y, with x and y read as textures. */
function append(plan: Plan, x: Tensor, y: Tensor, out: Tensor): void {
  const kernel = gpu.kernel("test", SOURCE, { TEXELS: true }, READ);
  const texels = [x, y].map((tensor) => new Texels(tensor, "r32float"));
  plan.dispatch(kernel, [2], [out.size], [...texels, out]);
}

const filled = (label: string, value: number) =>
  gpu.tensorFrom(label, [128], new Float32Array(128).fill(value));

Deno.test({ name: "kept texels: copied once, while others are each time", ignore }, async () => {
  const before = gpu.allocatedBytes;
  const [kept, other, out] = [filled("kept", 1), filled("other", 2), filled("out", 0)];
  const held = gpu.allocatedBytes;
  {
    using texels = new KeptTexels(gpu, [kept]);
    using first = new Plan(gpu, texels);
    append(first, kept, other, out);
    using second = new Plan(gpu, texels);
    append(second, other, kept.rows(64, 64), out.rows(0, 64));
    first.run();
    assertEquals((await gpu.read(out))[127], 21);
    gpu.write(kept, new Float32Array(128).fill(5));
    gpu.write(other, new Float32Array(128).fill(3));
    first.run();
    assertEquals((await gpu.read(out))[127], 31, "the kept one as it was");
    second.run();
    const values = await gpu.read(out);
    assertEquals([values[0], values[64]], [53, 31], "rows of it are kept by themselves");
    const taken = gpu.allocatedBytes - held;
    const measured = gpu.measure(() => {
      const texels = new KeptTexels(gpu, [kept]);
      append(new Plan(gpu, texels), kept, other, out);
    });
    assertGreater(taken, measured.bytes);
    assertGreater(measured.bytes, 0);
  }
  assertEquals(gpu.allocatedBytes, held);
  gpu.free(kept, other, out);
  assertEquals(gpu.allocatedBytes, before);
});
