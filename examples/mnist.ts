/**
 * MNIST's files, in which Fashion-MNIST and others come too.
 *
 * @module
 */
import { UserError } from "../mod.ts";

/** Of an image. */
export const PIXELS = 28 * 28;
export const CLASSES = 10;

/** Images in rows, standardised by the training images' mean and deviation, and their labels. */
export interface Images {
  /** (count, 784) */
  pixels: Float32Array;
  /** (count), below 10 */
  labels: Uint32Array;
}

/**
 * Reads MNIST's files, packed or not, from a directory.
 *
 * @throws {UserError} If one is missing, or is not what its name says.
 */
export async function readImages(directory: string): Promise<[train: Images, test: Images]> {
  const read = async (set: string) => {
    const pixels = await readIdx(`${directory}/${set}-images-idx3-ubyte`, [28, 28]);
    const labels = await readIdx(`${directory}/${set}-labels-idx1-ubyte`, []);
    if (pixels.length !== labels.length * PIXELS || labels.some((label) => label >= CLASSES)) {
      throw new UserError(`${directory}: the ${set} labels are not those of its images`, "DATA");
    }
    return { pixels: Float32Array.from(pixels), labels: Uint32Array.from(labels) };
  };
  const sets: [Images, Images] = [await read("train"), await read("t10k")];
  const [{ pixels }] = sets;
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length;
  for (const set of sets) {
    set.pixels.forEach((value, i) => set.pixels[i] = (value - mean) / Math.sqrt(variance));
  }
  return sets;
}

/** The bytes of an IDX file whose items have this shape: a magic number and sizes come before them. */
async function readIdx(path: string, shape: readonly number[]): Promise<Uint8Array> {
  const packed = await Deno.readFile(`${path}.gz`).catch(() => undefined);
  const bytes = packed
    ? await new Response(
      new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")),
    ).bytes().catch(() => new Uint8Array())
    : await Deno.readFile(path).catch(() => undefined);
  if (!bytes) throw new UserError(`${path}: there is no such file, nor ${path}.gz`, "DATA");
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  const start = 4 * (shape.length + 2);
  const size = shape.reduce((product, n) => product * n, 1);
  const isIdx = bytes.length >= start && header.getUint32(0) === 0x801 + shape.length &&
    shape.every((n, i) => header.getUint32(8 + 4 * i) === n) &&
    bytes.length === start + size * header.getUint32(4);
  if (!isIdx) throw new UserError(`${path} is no file of MNIST's`, "DATA");
  return bytes.subarray(start);
}
