/** `deno task devices`: which adapters there are, and what they can do. */
import { format as formatBytes } from "@std/fmt/bytes";
import { Gpu } from "../gpu/gpu.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { main, type Start } from "./main.ts";
import { printJson, printLine } from "./terminal.ts";

const COMMAND: CommandSpec = {
  name: "devices",
  summary: "Lists the adapters that WebGPU offers here, and what --device chooses.",
  options: { json: { help: "print one JSON object a line instead" } },
  examples: [""],
};

/** What is told of an adapter. */
interface Device {
  name: string;
  /** The values of `--device` that choose it. */
  device: string[];
  software: boolean;
  /** Bytes of the host's memory that a software driver has; a GPU's are not told by WebGPU. */
  memory?: number;
  max_buffer: number;
  max_binding: number;
  f16: boolean;
  timestamps: boolean;
}

async function devices(options: Arguments): Promise<void> {
  const found = await findDevices();
  for (const device of found) {
    if (options.flag("json")) printJson(device);
    else printLine(describe(device));
  }
}

/** The adapters, each once, the default first. */
async function findDevices(): Promise<Device[]> {
  const found = new Map<string, Device>();
  for (const powerPreference of ["high-performance", "low-power"] as const) {
    using gpu = await Gpu.open({ powerPreference });
    const device = found.get(gpu.adapterName) ?? deviceOf(gpu);
    device.device.push(powerPreference);
    found.set(gpu.adapterName, device);
  }
  return [...found.values()];
}

function deviceOf(gpu: Gpu): Device {
  return {
    name: gpu.adapterName,
    device: [],
    software: gpu.isSoftware,
    memory: gpu.isSoftware ? Deno.systemMemoryInfo().available : undefined,
    max_buffer: gpu.device.limits.maxBufferSize,
    max_binding: gpu.maxBindingBytes,
    f16: gpu.hasF16,
    timestamps: gpu.device.features.has("timestamp-query"),
  };
}

function describe(device: Device): string {
  const binary = (bytes: number) => formatBytes(bytes, { binary: true });
  const kind = device.software ? "a software driver, on the processor" : "a GPU";
  const memory = device.memory === undefined
    ? "not told by WebGPU; train --dry-run tries whether a run fits"
    : `${binary(device.memory)} of the machine's are free`;
  return [
    device.name,
    `  --device  ${device.device.join(", ")}`,
    `  kind      ${kind}`,
    `  memory    ${memory}`,
    `  buffer    ${binary(device.max_buffer)} at most, ${binary(device.max_binding)} in a binding`,
    `  16 bits   ${device.f16 ? "yes (--precision f16)" : "no"}`,
  ].join("\n");
}

/** Runs the command. */
export const start: Start = (args) => main(COMMAND, devices, { args });

if (import.meta.main) await start();
