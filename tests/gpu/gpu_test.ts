import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { UsageError, UserError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { Plan } from "../../src/gpu/plan.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

const EMPTY_KERNEL = "@compute @workgroup_size($THREADS) fn main() {}";

Deno.test("gpu: has a name and limits", () => {
  assert(gpu.adapterName.length > 0);
  assert(gpu.maxBindingBytes >= 2 ** 27 && gpu.maxBindingBytes % 4 === 0);
});

Deno.test("gpu: tensors are zero at first, and are read as they were written", async () => {
  assertEquals(await gpu.read(gpu.tensor("zero", [5])), new Float32Array(5));
  const numbers = Float32Array.of(1.5, -0, Infinity);
  assertEquals(await gpu.read(gpu.tensorFrom("numbers", [3], numbers)), numbers);
  const integers = Uint32Array.of(0, 1, 0xffff_ffff);
  const tensor = gpu.tensorFrom("integers", [3], integers);
  assertEquals(tensor.type, "u32");
  assertEquals(await gpu.readIntegers(tensor), integers);
});

Deno.test("gpu: integers are not read as floats, nor floats as integers", async () => {
  const integers = gpu.tensorFrom("integers", [1], Uint32Array.of(7));
  await assertRejects(() => gpu.read(integers), UsageError, "integers: read it with readIntegers");
  const floats = gpu.tensor("floats", [1]);
  await assertRejects(() => gpu.readIntegers(floats), UsageError, "floats: read it with read");
  const fails = (write: () => void, what: string) => assertThrows(write, UsageError, what);
  fails(() => gpu.write(integers, Float32Array.of(7)), "integers holds integers, not floats");
  fails(() => gpu.write(floats, Uint32Array.of(7)), "floats holds floats, not integers");
  assertEquals(await gpu.read(floats), new Float32Array(1));
});

Deno.test("gpu: what is written stays within its tensor", async () => {
  const [first, second] = gpu.tensors([0, 1].map((i) => ({ label: `t${i}`, shape: [64] })));
  const fails = (length: number, offset: number, what: string) => {
    const write = () => gpu.write(first, new Float32Array(length).fill(1), offset);
    assertThrows(write, UsageError, `t0 has no room for elements ${what}`);
  };
  fails(65, 0, "0 to 64");
  fails(2, 63, "63 to 64");
  fails(1, -1, "-1 to -1");
  gpu.write(first, Float32Array.of(1), 63);
  assertEquals(await gpu.read(second), new Float32Array(64));
});

Deno.test("gpu: counts the bytes it holds", () => {
  const before = gpu.allocatedBytes;
  const tensor = gpu.tensor("test", [2, 3]);
  assertEquals(gpu.allocatedBytes, before + 32);
  gpu.free(tensor);
  gpu.free(tensor);
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("gpu: tensors side by side share buffers that one binding covers", async () => {
  using small = await Gpu.open({ maxBindingBytes: 1024 });
  const before = small.allocatedBytes;
  const shapes = [[3, 5], [64], [65], [1], [70], [300], [2]];
  const wanted = shapes.map((shape, i) => ({ label: `t${i}`, shape }));
  const tensors = small.tensors([...wanted, { label: "padded", shape: [2], capacity: 30 }]);
  assertEquals(tensors.map(({ byteOffset }) => byteOffset), [0, 256, 512, 0, 256, 0, 0, 256]);
  assertEquals(tensors.map(({ byteLength }) => byteLength), [64, 256, 272, 16, 288, 1200, 16, 128]);
  const buffers = [...new Set(tensors.map(({ buffer }) => buffer))];
  assertEquals(tensors.map(({ buffer }) => buffers.indexOf(buffer)), [0, 0, 0, 1, 1, 2, 3, 3]);
  assertEquals(small.allocatedBytes - before, 784 + 544 + 1200 + 384);
  tensors.forEach((tensor, i) => small.write(tensor, new Float32Array(tensor.size).fill(i)));
  small.free(...tensors.slice(1, 3));
  assertEquals(small.allocatedBytes - before, 784 + 544 + 1200 + 384);
  for (const i of [0, 3, 4, 5, 6, 7]) {
    assertEquals(await small.read(tensors[i]), new Float32Array(tensors[i].size).fill(i));
  }
  small.free(tensors[0], tensors[0]);
  assertEquals(small.allocatedBytes - before, 544 + 1200 + 384);
  const { bytes } = small.measure(() => void small.tensors(wanted));
  assertEquals(bytes, 784 + 544 + 1200 + 16);
});

Deno.test("gpu: a kernel is compiled once for each set of constants", () => {
  const kernel = gpu.kernel("empty", EMPTY_KERNEL, { THREADS: 1 });
  assertStrictEquals(gpu.kernel("empty", EMPTY_KERNEL, { THREADS: 1 }), kernel);
  assertStrictEquals(kernel.pipeline, kernel.pipeline);
  assert(gpu.kernel("empty", EMPTY_KERNEL, { THREADS: 2 }) !== kernel);
  // The same name does not make it the same kernel.
  assert(gpu.kernel("empty", `${EMPTY_KERNEL}\n`, { THREADS: 1 }) !== kernel);
  assert(gpu.kernel("empty", EMPTY_KERNEL, { THREADS: 1 }, { more: "" }) !== kernel);
});

Deno.test("gpu: a buffer over the limit is one line that says which and what to do", () => {
  const before = gpu.allocatedBytes;
  const elements = Math.ceil(gpu.device.limits.maxBufferSize / 4) + 4;
  const error = assertThrows(() => gpu.tensor("logits", [elements]), UserError, "logits needs");
  assertEquals(error.message.split("\n").length, 1);
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("gpu: a cap on bindings, which cannot exceed the adapter's limit", async () => {
  using small = await Gpu.open({ maxBindingBytes: 1023 });
  assertEquals(small.maxBindingBytes, 1020);
  using large = await Gpu.open({ maxBindingBytes: 2 ** 60 });
  assertEquals(large.maxBindingBytes, gpu.maxBindingBytes);
});

Deno.test("gpu: an error in a kernel is thrown where results are awaited", async () => {
  using broken = await Gpu.open();
  const tensor = broken.tensor("test", [1]);
  const source = "@compute @workgroup_size(1) fn main() { undefined_function(); }";
  const plan = new Plan(broken);
  plan.dispatch(broken.kernel("broken", source), [1], [], []);
  plan.run();
  await assertRejects(() => broken.read(tensor), Error, "undefined_function");
  await assertRejects(() => broken.finish(), Error, "undefined_function");
  assertThrows(() => broken.check(), Error, "undefined_function");
});

Deno.test("gpu: measures what would be allocated, and allocates nothing", async () => {
  const before = gpu.allocatedBytes;
  const { bytes } = gpu.measure(() => {
    const tensor = gpu.tensorFrom("test", [5], new Float32Array(5).fill(1));
    gpu.write(tensor.rows(1, 2), Float32Array.of(2, 3));
    const plan = new Plan(gpu);
    plan.copy(tensor, gpu.tensor("large", [2 ** 20]));
    plan.run();
    assert(gpu.isMeasuring);
  });
  assertEquals(bytes, 32 + 2 ** 22);
  assertStringIncludes(
    gpu.measure(() => gpu.tensor("huge", [2 ** 60])).refusal!,
    "huge needs",
  );
  assert(!gpu.isMeasuring);
  assertEquals(gpu.allocatedBytes, before);
  await gpu.finish();
});

Deno.test("gpu: closing it twice is harmless", async () => {
  const closing = await Gpu.open();
  closing.tensor("test", [100]);
  closing[Symbol.dispose]();
  closing[Symbol.dispose]();
  assertEquals(closing.allocatedBytes, 0);
});
