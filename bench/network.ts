/** `deno run bench/network.ts`: what sums of gradients take of a network, as docs/many.md has it. */
import { FULL_VOCABULARY_SIZE, PRESETS } from "../src/model/config.ts";
import { parameterCount } from "../src/model/parameters.ts";
import { markdownTable } from "./result.ts";

const NAMES = ["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"] as const;
/** Bits a second of networks that there are. */
const GIGABITS = [1, 10, 100];
const HOSTS = [8, 64];
/** What steps are projected for: operations a second of each host's GPU, and tokens a step. */
const [SPEED, STEP_TOKENS, MICRO_BATCH_TOKENS] = [10e12, 2 ** 19, 2 ** 14];

/** Bytes that each process sends, and gets, for a sum over all by a ring or by halving. */
export function bytesOfSum(parameters: number, processes: number): number {
  return 2 * (processes - 1) / processes * 4 * parameters;
}

/** What a model's parameters and the steps of hosts are, each with one process. */
export interface Scaling {
  parameters: number;
  /** Those whose gradients are finished last. */
  embeddings: number;
  hosts: number;
  /** Bytes a second that a host sends while it gets as many. */
  bandwidth: number;
  /** Operations a second of each. */
  speed: number;
  /** Tokens of a step of all. */
  tokens: number;
  /** Tokens of each backward pass, at most. */
  microBatch: number;
}

/**
 * How many times the tokens a second of one host. A step of n hosts takes 6 P T / (n F) for its T
 * tokens (Kaplan et al. 2020, section 2.1) and what is not hidden of its sums: those of the
 * embeddings' gradients, and of the others' what the last backward pass, 4 P of its tokens, is too
 * short for.
 */
export function projectedSpeedup(scaling: Scaling): number {
  const { parameters, embeddings, hosts, bandwidth, speed, tokens, microBatch } = scaling;
  const seconds = 6 * parameters * tokens / speed;
  const last = 4 * parameters * Math.min(microBatch, tokens / hosts) / speed;
  const [late, early] = [embeddings, parameters - embeddings]
    .map((count) => bytesOfSum(count, hosts) / bandwidth);
  return seconds / (seconds / hosts + late + Math.max(0, early - last));
}

/** Seconds that the sums of a step take for each preset, on so many hosts and such networks. */
export function networkTable(): string {
  return tableOf(({ parameters, hosts, bandwidth }) =>
    `${(bytesOfSum(parameters, hosts) / bandwidth).toPrecision(2)} s`
  );
}

/** How many times as fast as one host so many would train each preset. */
export function speedupTable(): string {
  return tableOf((scaling) => projectedSpeedup(scaling).toPrecision(2));
}

function tableOf(cell: (scaling: Scaling) => string): string {
  return markdownTable(NAMES.map((name) => {
    const config = { ...PRESETS[name], vocabularySize: FULL_VOCABULARY_SIZE };
    const parameters = parameterCount({ ...config, bias: true, affine: true });
    const embeddings = config.vocabularySize * config.width;
    const steps = { speed: SPEED, tokens: STEP_TOKENS, microBatch: MICRO_BATCH_TOKENS };
    const cells = HOSTS.flatMap((hosts) =>
      GIGABITS.map((gigabits): [string, string] => [
        `${hosts} hosts, ${gigabits} Gbit/s`,
        cell({ parameters, embeddings, hosts, bandwidth: gigabits * 1e9 / 8, ...steps }),
      ])
    );
    return { name: `\`${name}\``, ...Object.fromEntries(cells) };
  }));
}

if (import.meta.main) console.log(`${networkTable()}\n\n${speedupTable()}`);
