import { assert, assertEquals } from "@std/assert";
import { Plan } from "../../../src/gpu/plan.ts";
import { autotune } from "../../../src/ops/matmul/autotune.ts";
import { matmul } from "../../../src/ops/matmul/matmul.ts";
import { chooseVariant, setVariant, shapeName } from "../../../src/ops/matmul/tuning.ts";
import { candidates, type MatmulShape, variantName } from "../../../src/ops/matmul/variants.ts";
import { onKind, openTestGpu } from "../helpers.ts";

const gpu = await openTestGpu();

/** A shape of its own for each test, as choices stay. */
function shapeOf(m: number): MatmulShape {
  const plain = { aTransposed: false, bTransposed: false, vector: true, symmetric: false };
  return { m, n: 32, k: 16, batch: 1, ...plain };
}

function build(...shapes: MatmulShape[]): () => void {
  return () => {
    gpu.measure(() => {
      const tensor = gpu.tensor("test", [4096]);
      const plan = new Plan(gpu);
      for (const shape of shapes) {
        matmul(gpu, plan, { ...shape, a: tensor, b: tensor, out: tensor });
      }
    });
  };
}

Deno.test("autotune: measures the shapes that a model asks for, once, and decides", async () => {
  await onKind(gpu, "GPU", async () => {
    const shape = shapeOf(32);
    const name = shapeName(shape);
    assertEquals(name, "32x32x16 NN");
    assertEquals(shapeName({ ...shape, vector: false }), "32x32x16 NN unaligned");
    const names = candidates(gpu, shape).map(variantName);
    assert(names.length > 2, "or there is nothing to measure");
    const allocated = gpu.allocatedBytes;
    const first = await autotune(gpu, build(shape, shape));
    assertEquals([first.measured, first.left], [1, 0]);
    assert(names.includes(first.choices[name]));
    assertEquals(variantName(chooseVariant(gpu, shape)), first.choices[name]);
    assertEquals(gpu.allocatedBytes, allocated);
    assertEquals(gpu.observer, undefined);

    const second = await autotune(gpu, build(shape), { known: first.choices });
    assertEquals(second, { ...first, measured: 0 });
  });
});

Deno.test("autotune: takes over what is known, unless it is no candidate", async () => {
  await onKind(gpu, "GPU", async () => {
    const shape = shapeOf(36);
    const slow = candidates(gpu, shape).at(-1)!;
    const known = { [shapeName(shape)]: variantName(slow) };
    const { measured } = await autotune(gpu, build(shape), { known });
    assertEquals(measured, 0);
    assertEquals(chooseVariant(gpu, shape), slow);

    const other = shapeOf(40);
    const absurd = { [shapeName(other)]: "registers 3x3 by 1x1" };
    assertEquals((await autotune(gpu, build(other), { known: absurd })).measured, 1);
  });
});

Deno.test("autotune: stops when its time is over, the largest products first", async () => {
  await onKind(gpu, "GPU", async () => {
    const [small, large] = [shapeOf(44), shapeOf(48)];
    const result = await autotune(gpu, build(small, large), { milliseconds: 0.001 });
    assertEquals(result.measured + result.left, 2);
    assertEquals(shapeName(small) in result.choices, false);
    assertEquals(chooseVariant(gpu, small), candidates(gpu, small)[0]);
  });
});

Deno.test("autotune: a choice holds for its shape alone", () => {
  const shape = shapeOf(52);
  const [likely] = candidates(gpu, shape);
  setVariant(gpu, shape, { kind: "registers", tile: [4, 4], workgroup: [8, 8] });
  assertEquals(variantName(chooseVariant(gpu, shape)), "registers 4x4 by 8x8");
  assertEquals(chooseVariant(gpu, { ...shape, aTransposed: true }), likely);
});
