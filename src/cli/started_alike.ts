import type { MpiCommunicator } from "../comm/mpi.ts";
import type { Shard } from "../data/files/shard.ts";
import { UsageError, UserError } from "../errors.ts";
import { sha256 } from "../sha256.ts";
import type { Arguments } from "./arguments.ts";

/** Options that each process may have of its own: where things are, and what the first one does. */
const OWN = [
  ...["data", "out", "resume", "init-from", "mpi", "network-timeout", "device", "no-autotune"],
  ...["keep", "eval-task", "eval-limit", "verbose", "tensorboard", "dashboard", "quiet", "json"],
];

/** How a process was started. */
export interface Started {
  options: Arguments;
  shards: readonly Shard[];
  /** The step after which it goes on, if it does. */
  step?: number;
}

/**
 * Makes sure that all processes were started alike, before they take long: with other options or data
 * one of them would train something else, and nobody would notice.
 *
 * @throws {UserError} If they were not; the process that differs is named.
 */
export async function checkStartedAlike(
  processes: Pick<MpiCommunicator, "rank" | "size" | "hosts" | "gather">,
  { options, shards, step }: Started,
): Promise<void> {
  const given = Object.entries(options.given()).filter(([name]) => !OWN.includes(name)).sort();
  const files = shards.map(({ size, version }) => [size, version]);
  const aspects = await Promise.all([given, files, step ?? null].map(digest));
  const said = await processes.gather(new TextEncoder().encode(aspects.join("")));
  const texts = said.map((bytes) => new TextDecoder().decode(bytes));
  const length = aspects[0].length;
  const differs = (aspect: number) => {
    const part = (text: string) => text.slice(aspect * length, (aspect + 1) * length);
    const rank = texts.findIndex((text) => part(text) !== part(texts[0]));
    return rank < 0
      ? undefined
      : `process ${rank} of ${processes.size} on ${processes.hosts[rank]}`;
  };
  const [other, elsewhere, later] = aspects.map((_, aspect) => differs(aspect));
  if (other) throw new UsageError(`${other} was started with other options than the first one`);
  if (elsewhere) {
    throw new UserError(
      `${elsewhere} has other data than the first one: its files differ in number or size`,
      "DATA",
    );
  }
  if (later) throw new UserError(`${later} goes on from another step than the first one`, "DATA");
}

function digest(value: unknown): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(value)));
}
