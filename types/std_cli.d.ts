/** The part of @std/cli that is used; its npm packaging has no declarations. */
declare module "@std/cli/parse-args" {
  /** How arguments are read. */
  export interface ParseOptions {
    /** Flags without a value. */
    boolean?: readonly string[];
    /** Options whose value is kept as text. */
    string?: readonly string[];
    /** Options that may be repeated. */
    collect?: readonly string[];
    /** Other names of options. */
    alias?: Record<string, string>;
    /** Called with what is none of these; false leaves it out. */
    unknown?: (argument: string, key?: string, value?: unknown) => unknown;
  }

  /** Reads command-line arguments; `_` holds those that are no options. */
  export function parseArgs(
    args: readonly string[],
    options?: ParseOptions,
  ): { _: (string | number)[] } & Record<string, unknown>;
}

declare module "@std/fmt/duration" {
  /** Writes milliseconds as text. */
  export function format(
    milliseconds: number,
    options?: { style?: "narrow" | "digital" | "full"; ignoreZero?: boolean },
  ): string;
}

declare module "@std/fmt/bytes" {
  /** Writes a number of bytes as text. */
  export function format(bytes: number, options?: { binary?: boolean }): string;
}
