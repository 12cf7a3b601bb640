import { assertEquals } from "@std/assert";
import { LocalSteps } from "../../src/optim/local_steps.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { Random } from "../../src/random.ts";
import { assertClose, openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

const SIZE = 37;
const TABLE = [{
  name: "weight",
  shape: [SIZE],
  role: "bias",
  parts: 1,
  fanIn: 1,
  fanOut: SIZE,
  residual: false,
  trainable: true,
}] as const;

Deno.test("local steps: the outer one is Nesterov's, by how far all have come", async () => {
  const random = new Random(3);
  const vector = () => Float32Array.from({ length: SIZE }, () => random.normal());
  const first = vector();
  const weight = gpu.tensorFrom("weight", [SIZE], first);
  const gradient = gpu.tensor("gradient", [SIZE]);
  const target = {
    gpu,
    table: TABLE,
    weights: new Map([["weight", weight]]),
    gradients: new Map([["weight", gradient]]),
  };
  const inner = new Sgd(target, { learningRate: 0.5, momentum: 0 });
  using optimizer = new LocalSteps(inner, target, 2);
  assertEquals(optimizer.kind, "sgd, local steps");
  assertEquals([...optimizer.state.keys()], ["velocity.weight", "outer_momentum.weight"]);

  let [start, momentum] = [[...first], first.map(() => 0)];
  for (const steps of [3, 1, 2]) {
    let mine = start;
    for (let step = 1; step <= steps; step++) {
      const g = vector();
      gpu.write(gradient, g);
      optimizer.step();
      mine = mine.map((value, i) => value - 0.5 * g[i]);
      assertEquals(optimizer.taken, step);
    }
    assertEquals([...optimizer.movement()], [[gradient]]);
    const moved = start.map((value, i) => (value - mine[i]) / 2);
    assertClose(await gpu.read(gradient), moved, 1e-6, "movement");
    const others = vector();
    const mean = moved.map((value, i) => value + others[i]);
    gpu.write(gradient, Float32Array.from(mean));
    optimizer.outerStep();
    momentum = momentum.map((value, i) => 0.5 * value + mean[i]);
    start = start.map((value, i) => value - 0.7 * (mean[i] + 0.5 * momentum[i]));
    assertClose(await gpu.read(weight), start, 1e-6, "weights");
    assertEquals(optimizer.taken, 0);
  }
});
