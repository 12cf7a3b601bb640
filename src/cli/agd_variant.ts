import { UsageError } from "../errors.ts";
import {
  AGD_SETTINGS,
  type AgdOptions,
  agdSettings,
  parseAgdSetting,
} from "../optim/agd/options.ts";

/**
 * Reads settings of AGD from text, e.g. `momentum=0.95,nesterov=false`.
 *
 * @throws {UsageError} If a setting is unknown, its value is none of it, or they do not go together.
 */
export function parseAgdVariant(text: string): AgdOptions {
  const options: AgdOptions = Object.fromEntries(
    text.split(",").map((setting) => {
      const [name, value = ""] = setting.split("=").map((part) => part.trim());
      return [name, parseValue(name, value)];
    }),
  );
  try {
    agdSettings(options);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`--agd: ${error.message}`) : error;
  }
  return options;
}

function parseValue(name: string, value: string): string | number | boolean {
  if (!AGD_SETTINGS.includes(name)) {
    throw new UsageError(`--agd: there is no setting '${name}', but ${AGD_SETTINGS.join(", ")}`);
  }
  const parsed = parseAgdSetting(name, value);
  if (name !== "momentum" || typeof parsed === "number") return parsed;
  throw new UsageError(`--agd: ${name} must be a number, not '${value}'`);
}
