/** `deno run bench/network.ts`: what sums of gradients take of a network, as docs/many.md has it. */
import { FULL_VOCABULARY_SIZE, PRESETS } from "../src/model/config.ts";
import { parameterCount } from "../src/model/parameters.ts";
import { markdownTable } from "./result.ts";

const NAMES = ["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"] as const;
/** Bits a second of networks that there are. */
const GIGABITS = [1, 10, 100];
const HOSTS = [8, 64];

/** Bytes that each process sends, and gets, for a sum over all by a ring or by halving. */
export function bytesOfSum(parameters: number, processes: number): number {
  return 2 * (processes - 1) / processes * 4 * parameters;
}

/** Seconds that the sums of a step take for each preset, on so many hosts and such networks. */
export function networkTable(): string {
  return markdownTable(NAMES.map((name) => {
    const config = { ...PRESETS[name], vocabularySize: FULL_VOCABULARY_SIZE };
    const parameters = parameterCount({ ...config, bias: true, affine: true });
    const seconds = HOSTS.flatMap((hosts) =>
      GIGABITS.map((gigabits): [string, string] => [
        `${hosts} hosts, ${gigabits} Gbit/s`,
        `${(bytesOfSum(parameters, hosts) * 8 / (gigabits * 1e9)).toPrecision(2)} s`,
      ])
    );
    return { name: `\`${name}\``, ...Object.fromEntries(seconds) };
  }));
}

if (import.meta.main) console.log(networkTable());
