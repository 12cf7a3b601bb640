import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../errors.ts";

/** An option of a command. */
export interface OptionSpec {
  /** What the value is called in the help, e.g. `N`; a flag has none. */
  value?: string;
  /** One line. */
  help: string;
  /** May be given more than once. */
  repeatable?: boolean;
}

/** A command and its options by name, without the dashes. */
export interface CommandSpec {
  name: string;
  summary: string;
  options: Record<string, OptionSpec>;
}

/** The options given, asked for by name and kind. */
export class Arguments {
  readonly #values: Record<string, unknown>;

  constructor(values: Record<string, unknown>) {
    this.#values = values;
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** Every value of a repeatable option. */
  list(name: string): string[] {
    return (this.#values[name] as string[] | undefined) ?? [];
  }

  /** The text given, if any. */
  text(name: string): string | undefined {
    return this.#values[name] as string | undefined;
  }

  /** The number given, if any. */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value)) return value;
    throw new UsageError(`--${name} must be a number, not '${text}'`);
  }

  /** The integer given, if any. */
  integer(name: string, { min = 1 } = {}): number | undefined {
    const value = this.number(name);
    if (value === undefined || (Number.isSafeInteger(value) && value >= min)) return value;
    throw new UsageError(`--${name} must be an integer of ${min} or more, not ${this.text(name)}`);
  }

  /** The one of `choices` that was given, if any. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name);
    const found = choices.find((choice) => choice === text);
    if (text === undefined || found !== undefined) return found;
    throw new UsageError(`--${name} must be one of ${choices.join(", ")}, not '${text}'`);
  }
}

/**
 * Reads a command's arguments.
 *
 * @returns undefined if help was asked for.
 * @throws {UsageError} On an unknown option, a missing value or a stray argument.
 */
export function parseArguments(
  args: readonly string[],
  { options }: CommandSpec,
): Arguments | undefined {
  const names = Object.keys(options);
  const withValue = names.filter((name) => options[name].value !== undefined);
  const flags = names.filter((name) => options[name].value === undefined);
  const parsed = parseArgs(args, {
    boolean: [...flags, "help"],
    string: withValue,
    collect: withValue,
    alias: { h: "help" },
    unknown: (argument) => {
      if (!argument.startsWith("-")) throw new UsageError(`unexpected argument '${argument}'`);
      const name = argument.replace(/^-+|=.*$/g, "");
      const near = names.find((known) => known.startsWith(name) || name.startsWith(known));
      throw new UsageError(
        `unknown option '${argument}'${near ? `: did you mean --${near}?` : ""}`,
      );
    },
  });
  if (parsed._.length > 0) throw new UsageError(`unexpected argument '${parsed._[0]}'`);
  if (parsed.help) return undefined;

  const values: Record<string, unknown> = {};
  for (const name of flags) values[name] = parsed[name];
  for (const name of withValue) {
    const given = parsed[name] as string[];
    if (given.length === 0) continue;
    const { value, repeatable } = options[name];
    if (given.includes("") && !emptyIsGiven(args, name)) {
      throw new UsageError(`--${name} needs a value: --${name} ${value}`);
    }
    if (!repeatable && given.length > 1) throw new UsageError(`--${name} is given twice`);
    values[name] = repeatable ? given : given[0];
  }
  return new Arguments(values);
}

/** Whether an option's value is empty, as in `--prompt ''`, rather than missing. */
function emptyIsGiven(args: readonly string[], name: string): boolean {
  return args.some((argument, i) =>
    argument === `--${name}=` || (argument === `--${name}` && args[i + 1] === "")
  );
}

/** The text that `--help` prints. */
export function helpText({ name, summary, options }: CommandSpec): string {
  const rows = Object.entries({ ...options, help: { help: "print this" } as OptionSpec })
    .map(([option, { value, help }]) => [`--${option}${value ? ` ${value}` : ""}`, help]);
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const lines = rows.map(([left, help]) => `  ${left.padEnd(width)}${help}`);
  return [`Usage: deno task ${name} [options]`, "", summary, "", ...lines].join("\n");
}
