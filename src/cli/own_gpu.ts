import type { MpiCommunicator } from "../comm/mpi.ts";

/** The environment variables by which Mesa's layer of Vulkan chooses a device, of whatever driver. */
const CHOICES = ["MESA_VK_DEVICE_SELECT", "DRI_PRIME"];
/** Bytes of what a process says of its GPU. */
const BYTES = 1024;

/** What a process says of its GPU. */
export interface FoundGpu {
  host: string;
  /** The adapter's name. */
  adapter: string;
  /** How the user chose it, if so. */
  choice: string[];
}

/**
 * Asks for a GPU of this process's own, before the first adapter is asked for: the layer orders the
 * devices so that the one of this number, counted from the default one, comes first. Where the user
 * has chosen, that holds.
 *
 * @returns How the user chose.
 */
export function chooseOwnGpu(localRank: number): string[] {
  const choice = CHOICES.flatMap((name) => Deno.env.get(name) ?? []);
  if (localRank > 0 && choice.length === 0) Deno.env.set("DRI_PRIME", String(localRank));
  return choice;
}

/** What to say where processes of a host found GPUs by the same name, and nobody chose. */
export function sharedGpus(found: readonly FoundGpu[]): string[] {
  const keys = found.map((gpu) => JSON.stringify(gpu));
  return [...new Set(keys)].flatMap((key) => {
    const ranks = keys.flatMap((other, rank) => other === key ? [rank] : []);
    const { host, adapter } = found[ranks[0]];
    if (ranks.length === 1) return [];
    return `Processes ${
      ranks.join(", ")
    } on ${host} each found ${adapter}: they share it, and are ` +
      "slow, unless there are as many of its kind (docs/many.md says how to choose).";
  });
}

/** What to warn of, of the GPUs of all processes. */
export async function findSharedGpus(
  processes: MpiCommunicator,
  adapter: string,
  choice: string[],
): Promise<string[]> {
  const bytes = new Uint8Array(BYTES);
  new TextEncoder().encodeInto(JSON.stringify({ adapter, choice }), bytes);
  const said = await processes.gather(bytes);
  return sharedGpus(said.map((bytes, rank) => {
    const text = new TextDecoder().decode(bytes).replace(/\0+$/, "");
    return { host: processes.hosts[rank], ...JSON.parse(text) };
  }));
}
