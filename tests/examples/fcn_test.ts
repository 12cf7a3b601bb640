import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertRejects,
} from "@std/assert";
import { Network, trainNetwork } from "../../examples/fcn.ts";
import { CLASSES, type Images, PIXELS, readImages } from "../../examples/mnist.ts";
import { UserError } from "../../src/errors.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { Random } from "../../src/random.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

/** Images of noise, each brighter in a place that tells its label. */
function drawImages(count: number, seed: number): { pixels: Uint8Array; labels: Uint8Array } {
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  const pixels = Uint8Array.from({ length: count * PIXELS }, (_, at) => {
    const [image, pixel] = [Math.floor(at / PIXELS), at % PIXELS];
    const isBright = Math.floor(pixel / 28 / 2) === labels[image];
    return (isBright ? 120 : 0) + 100 * random.uniform();
  });
  return { pixels, labels };
}

/** A file as MNIST's: a magic number, sizes and bytes, big end first. */
function idx(sizes: number[], bytes: Uint8Array): Uint8Array {
  const file = new Uint8Array(4 + 4 * sizes.length + bytes.length);
  const header = new DataView(file.buffer);
  header.setUint32(0, 0x800 + sizes.length);
  sizes.forEach((size, i) => header.setUint32(4 + 4 * i, size));
  file.set(bytes, 4 + 4 * sizes.length);
  return file;
}

async function writeImages(directory: string): Promise<void> {
  for (const [set, count, seed] of [["train", 200, 1], ["t10k", 60, 2]] as const) {
    const { pixels, labels } = drawImages(count, seed);
    const images = idx([count, 28, 28], pixels);
    const packed = new Blob([images as BufferSource]).stream()
      .pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(`${directory}/${set}-images-idx3-ubyte.gz`, packed);
    await Deno.writeFile(`${directory}/${set}-labels-idx1-ubyte`, idx([count], labels));
  }
}

async function withImages(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await writeImages(directory);
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the example's network learns from MNIST's files, by AGD of either kind", () =>
  withImages(async (directory) => {
    const sets = await readImages(directory);
    const training = { depth: 3, width: 16, batch: 20, steps: 30, seed: 0 };
    for (const norm of ["spectral", "frobenius"] as const) {
      const make = (target: Network["target"]) => new Agd(target, { norm });
      const untrained = await trainNetwork(gpu, sets, { ...training, steps: 0 }, make);
      const { loss, accuracy } = await trainNetwork(gpu, sets, training, make);
      assert(loss < untrained.loss, `${norm}: ${loss}, from ${untrained.loss}`);
      assertGreater(accuracy, 0.5, norm);
    }
  }));

/** The mean loss of all images in float64, by layers of (inputs, outputs). */
function lossOf({ pixels, labels }: Images, layers: readonly Float64Array[]): number {
  let sum = 0;
  labels.forEach((label, image) => {
    let h: number[] = [...pixels.subarray(image * PIXELS, (image + 1) * PIXELS)];
    layers.forEach((weights, layer) => {
      const outputs = weights.length / h.length;
      const out = Array.from(
        { length: outputs },
        (_, o) => h.reduce((total, value, i) => total + value * weights[i * outputs + o], 0),
      );
      const isLast = layer === layers.length - 1;
      h = isLast ? out : out.map((value) => Math.SQRT2 * Math.max(value, 0));
    });
    sum += Math.log(h.reduce((total, value) => total + Math.exp(value), 0)) - h[label];
  });
  return sum / labels.length;
}

Deno.test("the example's loss and gradients are those of its network", async () => {
  const { pixels, labels } = drawImages(8, 3);
  const images: Images = {
    pixels: Float32Array.from(pixels, (value) => value / 100 - 1),
    labels: Uint32Array.from(labels),
  };
  using network = await Network.create(gpu, { depth: 3, width: 12, batch: 8, seed: 5 });
  const { weights, gradients } = network.target;
  network.backward(images, Uint32Array.from({ length: 8 }, (_, i) => i));
  const layers = await Array.fromAsync(
    weights.values(),
    async (weight) => Float64Array.from(await gpu.read(weight)),
  );
  assertAlmostEquals((await network.evaluate(images, weights)).loss, lossOf(images, layers), 1e-5);
  for (const [layer, gradient] of [...gradients.values()].entries()) {
    const values = await gpu.read(gradient);
    for (let i = 0; i < 20; i++) {
      const at = (i * 7919) % values.length;
      const losses = [1e-7, -1e-7].map((step) => {
        const moved = layers.map((all, l) => l === layer ? all.with(at, all[at] + step) : all);
        return lossOf(images, moved);
      });
      assertAlmostEquals(values[at], (losses[0] - losses[1]) / 2e-7, 1e-5, `layer ${layer}, ${at}`);
    }
  }
});

Deno.test("the example refuses what is no file of MNIST's, by name", () =>
  withImages(async (directory) => {
    const labels = `${directory}/t10k-labels-idx1-ubyte`;
    const refused = async () =>
      (await assertRejects(() => readImages(directory), UserError)).message;
    await Deno.writeFile(labels, idx([59], new Uint8Array(59)));
    assertEquals(await refused(), `${directory}: the t10k labels are not those of its images`);
    await Deno.writeFile(labels, Uint8Array.of(0, 0, 8));
    assertEquals(await refused(), `${labels} is no file of MNIST's`);
    await Deno.remove(labels);
    assertEquals(await refused(), `${labels}: there is no such file, nor ${labels}.gz`);
  }));
