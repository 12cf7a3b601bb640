import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { rowSlices, type Tensor } from "../gpu/tensor.ts";
import { paddedVocabulary } from "../ops/cross_entropy.ts";
import { matmul } from "../ops/matmul/matmul.ts";
import { polarFactor, polarWorkspaces } from "../ops/polar/polar.ts";
import { polarSteps } from "../ops/polar/steps.ts";
import { Random } from "../random.ts";
import { naturalRowSize, type ParameterSpec, sizeOf } from "./parameters.ts";
import { allocateLike, type TensorMap } from "./weights.ts";

/**
 * How weights start. Biases start at 0 and gains at 1.
 * - `natural`: for AGD's spectral norm. Matrices uniform over the (semi-)orthogonal ones times
 *   sqrt(fan-out / fan-in), but projections into the residual stream 0, so that each block starts as
 *   the identity (Zhang, Dauphin and Ma 2019, arXiv:1901.09321, section 3); embedding rows uniform
 *   over the sphere of their {@linkcode naturalRowSize}.
 * - `orthogonal`: for AGD as published (Bernstein et al. 2023, section 3.1): every
 *   two-dimensional parameter uniform over the (semi-)orthogonal ones times
 *   sqrt(fan-out / fan-in).
 * - `normal`: GPT-2's own (Radford et al. 2019): standard deviation 0.02, projections into the
 *   residual stream a further 1 / sqrt(2 layers) smaller.
 */
export type Initialisation = "natural" | "orthogonal" | "normal";

/**
 * Allocates and initialises the weights of a table of parameters, which need not be a GPT-2's. The
 * same seed gives the same weights.
 */
export async function initialWeights(
  gpu: Gpu,
  table: readonly ParameterSpec[],
  initialisation: Initialisation,
  seed: number,
): Promise<TensorMap> {
  const branches = table.filter(({ residual }) => residual).length;
  const weights = allocateLike(gpu, table, "weight");
  using onFailure = new DisposableStack();
  onFailure.defer(() => gpu.free(...weights.values()));
  const random = new Random(seed);
  for (const spec of table) {
    const tensor = weights.get(spec.name)!;
    if (spec.role === "gain") gpu.write(tensor, new Float32Array(tensor.size).fill(1));
    if (spec.shape.length === 1) continue;
    if (initialisation === "natural" && spec.residual) continue;

    const natural = Math.sqrt(spec.fanOut / spec.fanIn);
    if (initialisation === "normal") {
      const smaller = spec.residual ? Math.sqrt(branches) : 1;
      gpu.write(tensor, normals(random, tensor.size, 0.02 / smaller));
    } else if (initialisation === "natural" && spec.role === "embedding") {
      gpu.write(tensor, sphericalRows(random, spec, naturalRowSize(table)));
    } else if (spec.shape[0] >= 4 * spec.shape[1]! && spec.role === "embedding") {
      await tallOrthogonal(gpu, random, tensor, natural);
    } else {
      gpu.write(tensor, await orthogonal(gpu, random, spec, natural));
    }
  }
  await gpu.finish();
  onFailure.move(); // the caller's now
  return weights;
}

function normals(random: Random, size: number, scale: number): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = scale * random.normal();
  return values;
}

/** Rows uniform over the sphere of radius `size`. */
function sphericalRows(random: Random, { shape }: ParameterSpec, size: number): Float32Array {
  const [rows, columns] = shape as readonly [number, number];
  const values = normals(random, rows * columns, 1);
  for (let r = 0; r < rows; r++) {
    const row = values.subarray(r * columns, (r + 1) * columns);
    const norm = Math.hypot(...row);
    row.forEach((value, i) => row[i] = size * value / norm);
  }
  return values;
}

/**
 * Each part of a parameter uniform over the (semi-)orthogonal matrices, times `scale`: the polar
 * factor of a matrix of independent normals, whose distribution no rotation changes.
 */
async function orthogonal(
  gpu: Gpu,
  random: Random,
  { shape, parts }: ParameterSpec,
  scale: number,
): Promise<Float32Array> {
  const [rows, stride] = shape as readonly [number, number];
  const columns = stride / parts;
  const [m, n] = [Math.min(rows, columns), Math.max(rows, columns)];
  const { workspaces: [workspace], memory } = polarWorkspaces(gpu, [[parts, m, n]]);
  using allocated = new DisposableStack();
  allocated.defer(() => gpu.free(...memory));
  // The iteration diverges from singular values above 1. The largest one of a normal matrix exceeds
  // sqrt(m) + sqrt(n) + t with a probability below exp(-t^2 / 2) (Davidson and Szarek 2001).
  const largest = Math.sqrt(m) + Math.sqrt(n) + 4;
  gpu.write(workspace.x, normals(random, parts * m * n, 1 / largest));
  // The smallest is below e (sqrt(n) - sqrt(m - 1)) with a probability of about e^(n - m + 1)
  // (Rudelson and Vershynin 2009): here 1 in 10,000.
  const rare = 1e-4 ** (1 / (n - m + 1));
  const smallest = rare * (Math.sqrt(n) - Math.sqrt(m - 1)) / largest;
  using plan = new Plan(gpu);
  const steps = polarSteps(smallest, { distance: 1e-6 });
  const result = polarFactor(gpu, plan, workspace, steps);
  plan.run();
  const factors = await gpu.read(result);

  const values = new Float32Array(sizeOf(shape));
  for (let part = 0; part < parts; part++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const at = part * m * n + (rows === m ? r * n + c : c * n + r);
        values[r * stride + part * columns + c] = scale * factors[at];
      }
    }
  }
  return values;
}

/**
 * A matrix with far more rows than columns (and perhaps more than one binding covers) with
 * orthogonal columns of length `scale`: W = X (XᵀX)^(-1/2) for X of independent normals. Only the
 * small Gram matrix XᵀX is iterated on, P <- 1.5 P - 0.5 P (P XᵀX P), which converges to its
 * inverse square root.
 */
async function tallOrthogonal(
  gpu: Gpu,
  random: Random,
  weight: Tensor,
  scale: number,
): Promise<void> {
  const [rows, n] = weight.shape;
  const spread = 1 / (Math.sqrt(rows) + Math.sqrt(n));
  gpu.write(weight, normals(random, rows * n, spread));
  const identity = new Float32Array(n * n);
  for (let i = 0; i < n; i++) identity[i * n + i] = 1;
  const slices = rowSlices(paddedVocabulary(rows), n, gpu.maxBindingBytes);
  // Each in a buffer of its own: no dispatch may read and write the same one.
  const matrix = (label: string) => gpu.tensor(label, [n, n]);
  const { gram, left, both, result, iterates } = gpu.allocateAll(() => ({
    gram: matrix("gram"),
    left: matrix("left product"),
    both: matrix("product"),
    result: gpu.tensor("orthogonal rows", [slices[0].count, n]),
    iterates: [matrix("inverse square root"), matrix("next inverse square root")],
  }));
  using allocated = new DisposableStack();
  allocated.defer(() => gpu.free(gram, left, both, result, ...iterates));
  let [inverse, next] = iterates;
  gpu.write(inverse, identity);

  using plan = new Plan(gpu);
  for (const { start, count } of slices) {
    const slice = weight.rows(start, count);
    const product = { a: slice, aTransposed: true, b: slice, out: gram, m: n, n, k: count };
    matmul(gpu, plan, { ...product, beta: start === 0 ? 0 : 1 });
  }
  const square = { m: n, n, k: n };
  for (let step = 0; step < 10; step++) {
    matmul(gpu, plan, { ...square, a: inverse, b: gram, out: left });
    matmul(gpu, plan, { ...square, a: left, b: inverse, out: both });
    plan.copy(inverse, next);
    matmul(gpu, plan, { ...square, a: inverse, b: both, out: next, alpha: -0.5, beta: 1.5 });
    [inverse, next] = [next, inverse];
  }
  for (const { start, count } of slices) {
    const slice = weight.rows(start, count);
    const product = { a: slice, b: inverse, out: result, m: count, n, k: n };
    matmul(gpu, plan, { ...product, alpha: scale });
    plan.copy(result.rows(0, count), slice);
  }
  plan.run();
  await gpu.finish();
}
