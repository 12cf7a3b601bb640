import { assertEquals } from "@std/assert";
import { Plan } from "../../src/gpu/plan.ts";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { tune } from "../../src/train/tune.ts";
import { TempDir } from "../data/fixtures.ts";
import { onKind, openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

/** What a model of this many rows asks for. */
function build(m: number): () => void {
  return () => {
    gpu.measure(() => {
      const tensor = gpu.tensor("test", [4096]);
      const operands = { a: tensor, b: tensor, out: tensor };
      matmul(gpu, new Plan(gpu), { ...operands, m, n: 32, k: 16 });
    });
  };
}

Deno.test("tune: choices are kept, added to, and not measured again", async () => {
  const directory = `${await Deno.makeTempDir()}/cache`;
  await onKind(gpu, "GPU", async () => {
    const first = await tune(gpu, build(32), { directory });
    assertEquals([first.measured, first.left], [1, 0]);
    const kept = () => JSON.parse(Deno.readTextFileSync(first.path!));
    assertEquals(kept().adapter, gpu.adapterName);
    assertEquals(Object.keys(kept().choices), ["32x32x16 NN"]);

    assertEquals((await tune(gpu, build(32), { directory })).measured, 0);
    assertEquals((await tune(gpu, build(64), { directory })).measured, 1);
    assertEquals(Object.keys(kept().choices), ["32x32x16 NN", "64x32x16 NN"]);
  });
  await Deno.remove(directory, { recursive: true });
});

Deno.test("tune: files that say nothing are replaced, another adapter's too", async () => {
  const directory = await Deno.makeTempDir();
  await onKind(gpu, "GPU", async () => {
    const { path } = await tune(gpu, build(36), { directory });
    for (const text of ["", "null", "[]", '{"adapter":"other","choices":{}}']) {
      await Deno.writeTextFile(path!, text);
      // The device remembers; a new shape makes it write.
      await tune(gpu, build(40 + 4 * text.length), { directory });
      assertEquals(JSON.parse(await Deno.readTextFile(path!)).adapter, gpu.adapterName);
    }
  });
  await Deno.remove(directory, { recursive: true });
});

Deno.test("tune: a directory that cannot be made is done without", async () => {
  const file = await Deno.makeTempFile();
  await onKind(gpu, "GPU", async () => {
    const result = await tune(gpu, build(44), { directory: `${file}/cache` });
    assertEquals(result, { measured: 1, left: 0 });
  });
  await Deno.remove(file);
});

Deno.test("tune: choices that cannot be written are done without", async () => {
  await using directory = new TempDir();
  await onKind(gpu, "GPU", async () => {
    const { path } = await tune(gpu, build(40), { directory: directory.path });
    await Deno.remove(path!);
    await Deno.mkdir(`${path}/in the way`, { recursive: true });
    assertEquals(await tune(gpu, build(40), { directory: directory.path }), {
      measured: 1,
      left: 0,
    });
  });
});
