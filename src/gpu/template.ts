/** Values that a kernel is specialised by. A string is a list of letters to loop over. */
export type Constants = Readonly<Record<string, number | boolean | string>>;

/** Texts of WGSL that a kernel may include, by name. */
export type Includes = Readonly<Record<string, string>>;

/**
 * Specialises WGSL text. Kernels are plain WGSL but for lines that start with `//:` and for
 * `$name` or `${name}`, which stands for a constant or a loop variable:
 *
 *     //: for i in 0..N       repeats for i = 0, 1, … N - 1 (N a number or a constant)
 *     //: for c in xyzw       repeats for each letter (in capitals: each letter of a constant)
 *     //: for v in qkv,dy     repeats for each word
 *     //: include NAME A=b    the text of that name, in which $A stands for b
 *     //: if NAME             keeps the lines if the constant is neither false nor 0
 *     //: else
 *     //: end
 *
 * This is how loops over register tiles are unrolled. There is no arithmetic: WGSL folds
 * constant expressions itself.
 *
 * @throws {Error} If a name is unknown or a block is not closed.
 */
export function specialise(
  source: string,
  constants: Constants,
  includes: Includes = {},
): string {
  const lines = source.split("\n");
  const output: string[] = [];
  const end = new Template(lines, includes).expand(0, constants, output);
  if (end !== lines.length) throw new Error(`line ${end + 1}: '${lines[end]}' closes nothing`);
  return output.join("\n");
}

/** Lines with directives. Each method takes an index of a line and returns one further on. */
class Template {
  constructor(readonly lines: readonly string[], readonly includes: Includes) {}

  /** Expands lines from `at` to the directive that closes the block, and returns its index. */
  expand(at: number, scope: Constants, output: string[]): number {
    while (at < this.lines.length) {
      const directive = this.lines[at].match(/^\s*\/\/:\s*(\w+)\s*(.*)$/);
      if (!directive) {
        output.push(substitute(this.lines[at++], scope));
        continue;
      }
      const [, keyword, rest] = directive;
      if (keyword === "end" || keyword === "else") return at;
      if (keyword === "include") at = this.#include(at, rest, scope, output);
      else if (keyword === "if") at = this.#if(at, rest, scope, output);
      else if (keyword === "for") at = this.#for(at, rest, scope, output);
      else throw new Error(`line ${at + 1}: unknown directive '${keyword}'`);
    }
    return at;
  }

  #include(at: number, rest: string, scope: Constants, output: string[]): number {
    const [name, ...settings] = substitute(rest, scope).trim().split(/\s+/);
    if (!Object.hasOwn(this.includes, name)) {
      throw new Error(`line ${at + 1}: there is nothing named '${name}' to include`);
    }
    const settled = Object.fromEntries(settings.map((setting) => setting.split("=")));
    output.push(specialise(this.includes[name], { ...scope, ...settled }, this.includes));
    return at + 1;
  }

  #if(at: number, rest: string, scope: Constants, output: string[]): number {
    const kept = Boolean(lookup(rest.trim(), scope));
    let close = this.expand(at + 1, scope, kept ? output : []);
    if (isElse(this.lines, close)) close = this.expand(close + 1, scope, kept ? [] : output);
    return afterEnd(this.lines, close);
  }

  #for(at: number, rest: string, scope: Constants, output: string[]): number {
    const loop = rest.match(/^(\w+) in (?:0\.\.(\w+)|(\w+(?:,\w+)*))\s*$/);
    if (!loop) throw new Error(`line ${at + 1}: cannot read '${this.lines[at].trim()}'`);
    const [, variable, bound, letters] = loop;
    const values = bound ? upTo(bound, scope) : elements(letters, scope);
    // An empty loop still has to find its end.
    let close = values.length === 0 ? this.expand(at + 1, { ...scope, [variable]: 0 }, []) : at;
    for (const value of values) {
      close = this.expand(at + 1, { ...scope, [variable]: value }, output);
    }
    return afterEnd(this.lines, close);
  }
}

/** 0, 1, … bound - 1, where `bound` is a number or a constant. */
function upTo(bound: string, scope: Constants): number[] {
  const count = /^\d+$/.test(bound) ? Number(bound) : lookup(bound, scope);
  if (typeof count !== "number") throw new Error(`the bound '${bound}' is not a number`);
  return [...Array(count).keys()];
}

/** Words between commas, or the letters of a word or of a constant, whose name is in capitals. */
function elements(list: string, scope: Constants): string[] {
  if (list.includes(",")) return list.split(",");
  return [.../^[A-Z]/.test(list) ? String(lookup(list, scope)) : list];
}

function isElse(lines: readonly string[], at: number): boolean {
  return at < lines.length && /^\s*\/\/:\s*else/.test(lines[at]);
}

/** The index of the line after the block's `//: end`, which must stand at `at`. */
function afterEnd(lines: readonly string[], at: number): number {
  if (at >= lines.length) throw new Error("a '//: for' or '//: if' lacks its '//: end'");
  if (isElse(lines, at)) throw new Error(`line ${at + 1}: this '//: else' belongs to no '//: if'`);
  return at + 1;
}

function lookup(name: string, scope: Constants): number | boolean | string {
  if (!(name in scope)) throw new Error(`the template has no constant '${name}'`);
  return scope[name];
}

function substitute(line: string, scope: Constants): string {
  return line.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced, bare) => String(lookup(braced ?? bare, scope)),
  );
}
