import type { Communicator } from "../../communicator.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { Plan } from "../../gpu/plan.ts";
import { inBuckets, Readback, writeEach } from "../../gpu/readback.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { polarWork } from "../../ops/polar/polar.ts";
import { type LayerPart, matricesOf } from "./layers.ts";
import { POLAR_STEPS } from "./polar.ts";

/** Bytes that each process brings at once, at most, unless a tensor is larger. */
const ROUND_BYTES = 2 ** 25;
/** Steps by which it is found out whether to share: to compute and to exchange, in turn. */
const TRIALS = 4;

/**
 * Which process takes the polar factors of which parameters. A process can also take those of the
 * others itself, with the same result: what is faster is measured in the first steps. On a slow
 * network it is that.
 */
export class Sharing implements Disposable {
  /** Takes the polar factors of the other processes' parameters. */
  readonly others: Plan;
  readonly #gpu: Gpu;
  readonly #communicator: Communicator;
  readonly #owners: ReadonlyMap<string, number>;
  /** What each process brings, by rank and round. */
  #rounds: Tensor[][][] = [];
  #readbacks: Readback[] = [];
  /** How many numbers each process brings in each round: as many as the one that has the most. */
  #sizes: number[] = [];
  #brought = new Float32Array();
  readonly #trials: number[] = [];
  /** Milliseconds, of the slowest process. */
  #measured: { computing: number; exchanging: number } | undefined;

  /** @param parts Those whose polar factors are taken. */
  constructor(gpu: Gpu, communicator: Communicator, parts: readonly LayerPart[]) {
    this.#gpu = gpu;
    this.#communicator = communicator;
    this.#owners = shareOut(parts, communicator.size);
    this.others = new Plan(gpu);
    this.others.section("polar factors");
  }

  /** Whether this process takes a part's polar factor. */
  isOwn({ spec }: LayerPart): boolean {
    return this.#owners.get(spec.name) === this.#communicator.rank;
  }

  /**
   * Allocates what polar factors pass the host through.
   *
   * @param tensors What is to be brought of each parameter.
   */
  bring(tensors: ReadonlyMap<string, readonly Tensor[]>): void {
    const { rank, size } = this.#communicator;
    this.#rounds = Array.from({ length: size }, (_, owner) => {
      const brought = [...tensors].filter(([name]) => this.#owners.get(name) === owner);
      return inBuckets(brought.flatMap(([, each]) => each), ROUND_BYTES);
    });
    this.#readbacks = this.#rounds[rank].map((round) => new Readback(this.#gpu, round));
    this.#sizes = Array.from({ length: Math.max(...this.#rounds.map(({ length }) => length)) })
      .map((_, round) => Math.max(...this.#rounds.map((each) => sizeOf(each[round] ?? []))));
    this.#brought = new Float32Array(this.#gpu.isMeasuring ? 0 : Math.max(0, ...this.#sizes));
  }

  /**
   * Gets the polar factors that are still missing once this process's own are submitted.
   *
   * @returns The milliseconds for which it waited for others.
   */
  async complete(): Promise<number> {
    const measured = this.#measured;
    const isExchange = measured
      ? measured.exchanging < measured.computing
      : this.#trials.length % 2 === 1;
    if (measured) return isExchange ? await this.#exchange() : this.#compute();
    await this.#gpu.finish();
    const start = performance.now();
    const waited = isExchange ? await this.#exchange() : this.#compute();
    await this.#gpu.finish();
    this.#trials.push(performance.now() - start);
    if (this.#trials.length === TRIALS) await this.#choose();
    return waited;
  }

  /** What came of the trials. */
  toString(): string | undefined {
    if (!this.#measured) return undefined;
    const { computing, exchanging } = this.#measured;
    const what = exchanging < computing
      ? "shares its polar factors out"
      : "takes all polar factors";
    return `Each process ${what}: to get those of the others takes ${exchanging.toFixed(1)} ms, ` +
      `and to compute them ${computing.toFixed(1)} ms.`;
  }

  #compute(): number {
    this.others.run();
    return 0;
  }

  async #exchange(): Promise<number> {
    const { rank } = this.#communicator;
    for (const readback of this.#readbacks) readback.start();
    let start = 0;
    for (const [round, size] of this.#sizes.entries()) {
      const mine = this.#brought.subarray(0, size); // what is not set is not read
      const readback = this.#readbacks[round];
      if (readback) {
        await readback.finish();
        mine.set(readback.values);
      }
      start ||= performance.now();
      const all = await this.#communicator.gather(
        new Uint8Array(mine.buffer, 0, mine.byteLength),
      );
      for (const [owner, bytes] of all.entries()) {
        if (owner === rank) continue;
        const values = new Float32Array(bytes.slice().buffer);
        writeEach(this.#gpu, this.#rounds[owner][round] ?? [], values);
      }
    }
    return performance.now() - start;
  }

  async #choose(): Promise<void> {
    const mine = Float64Array.from(this.#trials.slice(-2)); // the first two compile and allocate
    const all = (await this.#communicator.gather(new Uint8Array(mine.buffer)))
      .map((bytes) => new Float64Array(bytes.slice().buffer));
    const [computing, exchanging] = [0, 1].map((i) => Math.max(...all.map((each) => each[i])));
    this.#measured = { computing, exchanging };
  }

  /** Frees its buffers. */
  [Symbol.dispose](): void {
    this.others[Symbol.dispose]();
    for (const readback of this.#readbacks) readback[Symbol.dispose]();
  }
}

/** The owner of each parameter, so that all have about the same work: the largest ones first. */
function shareOut(parts: readonly LayerPart[], size: number): Map<string, number> {
  const work = new Map<string, number>();
  for (const part of parts) {
    const { name } = part.spec;
    const matrices = matricesOf(part)
      .map(({ rows, columns }) => polarWork(rows, columns, POLAR_STEPS.length));
    work.set(name, matrices.reduce((sum, each) => sum + each, work.get(name) ?? 0));
  }
  const loads: number[] = new Array(size).fill(0);
  return new Map(
    [...work].toSorted(([, one], [, other]) => other - one).map(([name, load]) => {
      const owner = loads.indexOf(Math.min(...loads));
      loads[owner] += load;
      return [name, owner];
    }),
  );
}

function sizeOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { size }) => sum + size, 0);
}
