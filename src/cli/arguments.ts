import { parseArgs } from "@std/cli/parse-args";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { UsageError } from "../errors.ts";
import { commandOf, versionText } from "./command.ts";

/** An option of a command. */
export interface OptionSpec {
  /** What the value is called in the help, e.g. `N`; a flag has none. */
  value?: string;
  /** One line. */
  help: string;
  /** May be given more than once. */
  repeatable?: boolean;
  /** May be given an empty value, which says something. */
  mayBeEmpty?: boolean;
  /** What other programs call it: known only to say what it is called here. */
  elsewhere?: readonly string[];
}

/** A command and its options by name, without the dashes. */
export interface CommandSpec {
  name: string;
  summary: string;
  options: Record<string, OptionSpec>;
  /** The repeatable option whose values may also stand by themselves, after other options. */
  positional?: string;
  /** Options of other programs that have no like here, by names joined with commas: why not. */
  absent?: Record<string, string>;
  /** Arguments worth showing, in the help. */
  examples: readonly string[];
}

/** The options given, asked for by name and kind. */
export class Arguments {
  readonly #values: Record<string, unknown>;

  constructor(values: Record<string, unknown>) {
    this.#values = values;
  }

  /** Those of the options that were given, by name; flags are true. */
  given(): Record<string, unknown> {
    const isGiven = ([, value]: [string, unknown]) => value !== undefined && value !== false;
    return Object.fromEntries(Object.entries(this.#values).filter(isGiven));
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
 * @returns What to print instead, if help or the version was asked for.
 * @throws {UsageError} On an unknown option, a missing value or a stray argument.
 */
export function parseArguments(
  args: readonly string[],
  spec: CommandSpec,
): Arguments | string {
  const { name: command, options, positional } = spec;
  const names = Object.keys(options);
  const withValue = names.filter((name) => options[name].value !== undefined);
  const flags = [...names.filter((name) => options[name].value === undefined), "help", "version"];
  const seeHelp = `see ${commandOf(command)} --help`;
  const bare: string[] = [];
  const parsed = parseArgs(joinValues(args, options), {
    boolean: flags,
    string: withValue,
    collect: withValue,
    alias: { help: "h" },
    unknown: (argument) => {
      if (!argument.startsWith("-") || argument === "-") {
        if (positional !== undefined) return bare.push(argument) > 0;
        throw new UsageError(`unexpected argument '${argument}'; ${seeHelp}`);
      }
      throw unknownOption(argument, spec);
    },
  });
  if (parsed._.length > bare.length) {
    throw new UsageError(`unexpected argument '${parsed._[0]}'; ${seeHelp}`);
  }
  if (parsed.help) return helpText(spec);
  if (parsed.version) return versionText();

  const values: Record<string, unknown> = {};
  for (const name of flags) values[name] = parsed[name];
  for (const name of withValue) {
    const given = [...parsed[name] as string[], ...name === positional ? bare : []];
    if (given.length === 0) continue;
    const { value, repeatable, mayBeEmpty } = options[name];
    if (given.includes("") && !mayBeEmpty) throw needsValue(name, value!);
    if (!repeatable && given.length > 1) throw new UsageError(`--${name} is given twice`);
    values[name] = repeatable ? given : given[0];
  }
  return new Arguments(values);
}

/** What to say to an option that there is not: what it is called here, or why it is not here. */
function unknownOption(
  argument: string,
  { name: command, options, absent = {} }: CommandSpec,
): UsageError {
  // -b4 and --batch_size=4 are given a 4
  const option = argument.replace(/=.*$|(?<=^-[a-z]{1,2})\d.*$/s, "");
  const given = option.replace(/^-+/, "").replaceAll("_", "-");
  const why = Object.entries(absent).find(([names]) => names.split(", ").includes(given))?.[1];
  if (why !== undefined) return new UsageError(`there is no option '${option}': ${why}`);
  const names = Object.keys(options);
  const near = names.find((name) => options[name].elsewhere?.includes(given)) ??
    closestName(given, [...names, "help", "version"]);
  const advice = near ? `did you mean --${near}?` : `see ${commandOf(command)} --help`;
  return new UsageError(`unknown option '${option}': ${advice}`);
}

/**
 * Writes `--name value` as `--name=value`, so that a value may be empty or begin with a dash, and a
 * missing one is seen.
 */
function joinValues(args: readonly string[], options: CommandSpec["options"]): string[] {
  const isOption = (argument: string) =>
    /^--[a-z]/.test(argument) && Object.hasOwn(options, argument.slice(2).replace(/=.*$/s, ""));
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = args[i].slice(2);
    const kind = isOption(args[i]) && !args[i].includes("=") ? options[name].value : undefined;
    if (kind === undefined) {
      joined.push(args[i]);
      continue;
    }
    const value = args[++i];
    if (value === undefined || isOption(value)) {
      throw needsValue(name, kind);
    }
    joined.push(`--${name}=${value}`);
  }
  return joined;
}

function needsValue(name: string, kind: string): UsageError {
  return new UsageError(`--${name} needs a value: --${name} ${kind}`);
}

/** The name that was probably meant, if any. */
export function closestName(given: string, names: readonly string[]): string | undefined {
  const completed = names.filter((name) => name.startsWith(given));
  if (completed.length === 1) return completed[0];
  const distances = names.map((name) => levenshteinDistance(given, name));
  const least = Math.min(...distances);
  return least <= 2 && least < given.length ? names[distances.indexOf(least)] : undefined;
}

/** The text that `--help` prints. */
function helpText({ name, summary, options, examples }: CommandSpec): string {
  const all: CommandSpec["options"] = {
    ...options,
    help: { help: "print this" },
    version: { help: "print the versions of this program and of Deno" },
  };
  const rows = Object.entries(all).map(([option, { value, help }]) => {
    return [`--${option}${value ? ` ${value}` : ""}`, help];
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    ...[`Usage: ${commandOf(name)} [options]`, "", summary, ""],
    ...rows.map(([left, help]) => `  ${left.padEnd(width)}${help}`),
    ...["", "Examples:", ...examples.map((example) => `  ${commandOf(name)} ${example}`.trimEnd())],
  ].join("\n");
}
