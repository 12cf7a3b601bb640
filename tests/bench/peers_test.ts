import { assertEquals, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import { Machine } from "../../bench/machine.ts";
import { benchPeers } from "../../bench/peers.ts";
import { loadFromNpm } from "../../bench/peers/load.ts";
import { benchProduct, type ProductPeer } from "../../bench/peers/product.ts";
import { benchStep, LEARNING_RATE, type PeerLearner } from "../../bench/peers/step.ts";
import { shapeOf } from "../../bench/shapes.ts";
import { UserError } from "../../src/errors.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();
const directory = await Deno.makeTempDir();
Deno.test.afterAll(() => Deno.remove(directory, { recursive: true }));
const machine = await Machine.open(
  gpu,
  { rounds: 1, seconds: 0.001 },
  { directory, milliseconds: 0 },
);
const BRIEF = { rounds: 1, seconds: 0.001 };
const MINI = shapeOf("mini", 2, {
  ...{ layers: 1, heads: 1, width: 16, context: 8, vocabularySize: 300 },
});

/** Multiplies on the host, and adds an error. */
const multiply = (error: number): ProductPeer => (size, [a, b]) => ({
  run: () => Promise.resolve(),
  read: () =>
    Promise.resolve(Float32Array.from({ length: size * size }, (_, at) => {
      const [row, column] = [Math.floor(at / size), at % size];
      let sum = error;
      for (let k = 0; k < size; k++) sum += a[row * size + k] * b[k * size + column];
      return sum;
    })),
  [Symbol.dispose]() {},
});

/** The same model once more, with another learning rate. */
const learn =
  (learningRate: number): PeerLearner => async ({ config, vocabulary }, batch, size) => {
    const options = { vocabulary, initialisation: "normal", seed: 1 } as const;
    const model = await Gpt2.create(gpu, config, options);
    const optimizer = { learningRate, momentum: 0 };
    const trainer = new Trainer(model, {
      batch: size,
      optimizer: (target) => new Sgd(target, optimizer),
    });
    return {
      run: async () => void await trainer.step(batch),
      step: async () => (await trainer.step(batch)).loss,
      [Symbol.dispose]() {
        trainer[Symbol.dispose]();
        model[Symbol.dispose]();
      },
    };
  };

Deno.test("peers: products and steps side by side, if both give the same", async () => {
  const before = gpu.allocatedBytes;
  const product = await benchProduct(machine, ["peer", multiply(0)], 16, BRIEF);
  assertEquals(product.name, "peer: product, 16 x 16 x 16");
  const step = await benchStep(machine, ["peer", learn(LEARNING_RATE)], MINI, BRIEF);
  assertEquals(step.name, "peer: step, mini, 2 x 8 tokens");
  for (const result of [product, step]) {
    for (const quantity of ["ms", "GFLOP/s", "GFLOP/s of the peer", "times as fast"]) {
      assertGreater(Number(result[quantity]), 0, quantity);
    }
  }
  await assertRejects(
    () => benchProduct(machine, ["peer", multiply(0.01)], 16, BRIEF),
    UserError,
    "peer: product, 16 x 16 x 16: ours gives",
  );
  await assertRejects(
    () => benchStep(machine, ["peer", learn(0)], MINI, BRIEF),
    UserError,
    "loss of step 2: ours gives",
  );
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("peers: what cannot be loaded is skipped in one line each", async () => {
  const load = (name: string) => Promise.reject(new UserError(`${name} cannot be loaded: offline`));
  const results = await Array.fromAsync(benchPeers(machine, { squares: [16], steps: [] }, load));
  assertEquals(results.map(({ name }) => name), ["jax-js", "TensorFlow.js"]);
  for (const { skipped } of results) assertStringIncludes(skipped!, "cannot be loaded: offline");
});

Deno.test("peers: a name that is none is told in one line", async () => {
  const error = await assertRejects(() => loadFromNpm("@"), UserError);
  assertStringIncludes(error.message, "@ cannot be loaded: ");
  assertEquals(error.message.split("\n").length, 1);
});
