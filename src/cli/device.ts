import type { OpenGpuOptions } from "../gpu/gpu.ts";
import type { Arguments, OptionSpec } from "./arguments.ts";

/** The option by which a command is told which adapter to take. */
export const DEVICE: OptionSpec = {
  value: "NAME",
  help: "high-performance or low-power, where there are two adapters (default high-performance)",
};

/**
 * The adapter that `--device` asks for.
 *
 * @throws {UsageError} If it is none.
 */
export function deviceOption(options: Arguments): OpenGpuOptions {
  return { powerPreference: options.choice("device", ["high-performance", "low-power"]) };
}
