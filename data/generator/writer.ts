import { Random } from "../../src/random.ts";
import { gerund, participle, past, plural, polish, thirdPerson } from "./morphology.ts";

/** Named lists of alternatives; each alternative is a template. */
export type Rules = Readonly<Record<string, readonly string[]>>;

/** Someone in a document: a name and the pronouns that go with it. */
export interface Person {
  name: string;
  he: string;
  him: string;
  his: string;
  himself: string;
}

export const HE = { he: "he", him: "him", his: "his", himself: "himself" };
export const SHE = { he: "she", him: "her", his: "her", himself: "herself" };
const THEY = { he: "they", him: "them", his: "their", himself: "themselves" };

type Node =
  | { kind: "text"; text: string }
  | { kind: "choice"; options: Node[][] }
  | { kind: "rule"; name: string; forms: string[]; bind: string | undefined; silent: boolean }
  | { kind: "variable"; name: string; forms: string[] }
  | { kind: "focus"; who: string };

const FORMS: Record<string, (phrase: string) => string> = {
  past,
  ing: gerund,
  s: thirdPerson,
  done: participle,
  pl: plural,
};

/** Alternatives longer than this are used once a document while others last. */
const LONG = 10;

const parsed = new Map<string, Node[]>();

/**
 * Expands templates for one document. A template is plain text with
 *
 * - `{a|b|}`: one of the alternatives, which may nest;
 * - `[rule]`: an alternative of a rule, `[rule.past]` inflected, `[rule:x]` also kept as `<x>`,
 *   `[~rule:x]` kept but not written, `[rule_<x>]` with the rule's name completed by a variable;
 * - `<x>`, `<x.pl>`: a variable, inflected; `<A>`, `<A.his>`: a person's name and pronouns;
 * - `@A`: from here on `<name>`, `<he>`, `<him>`, `<his>`, `<himself>` mean A; `@AB` means both.
 */
export class Writer {
  readonly random: Random;
  readonly #lexicon: Rules;
  readonly #phrases: Rules;
  readonly #variables = new Map<string, string>();
  readonly #people = new Map<string, Person>();
  readonly #used = new Set<string>();
  #focus = "A";

  /**
   * @param lexicon Lists of words, commonest first; word r is drawn in proportion to 1/(r + 8).
   * @param phrases Lists drawn evenly, each alternative at most once a document while others last.
   */
  constructor(random: Random, lexicon: Rules, phrases: Rules) {
    this.random = random;
    this.#lexicon = lexicon;
    this.#phrases = phrases;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.random.below(high - low + 1);
  }

  /** Whether an event of the given probability happens. */
  chance(probability: number): boolean {
    return this.random.uniform() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)];
  }

  /** `count` different items, in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    const rest = [...items];
    return Array.from({ length: count }, () => rest.splice(this.random.below(rest.length), 1)[0]);
  }

  /** `count` different expansions of a template. */
  several(template: string, count: number): string[] {
    const found = new Set<string>();
    while (found.size < count) found.add(this.expand(template));
    return [...found];
  }

  set(name: string, template: string): string {
    const value = this.expand(template);
    this.#variables.set(name, value);
    return value;
  }

  setAll(values: Record<string, string>): void {
    for (const [name, template] of Object.entries(values)) this.set(name, template);
  }

  /** Brings someone new into the document under a letter. */
  cast(letter: string, person?: Person): Person {
    const names = new Set([...this.#people.values()].map((other) => other.name));
    let someone = person;
    while (someone === undefined || (person === undefined && names.has(someone.name))) {
      const female = this.chance(0.5);
      const name = this.expand(female ? "[girl]" : "[boy]");
      someone = { name, ...(female ? SHE : HE) };
    }
    this.#people.set(letter, someone);
    return someone;
  }

  focus(letters: string): void {
    this.#focus = letters;
  }

  /** Templates expanded one after another into one polished paragraph. */
  paragraph(...templates: string[]): string {
    return polish(templates.map((template) => this.expand(template)).join(" "));
  }

  expand(template: string): string {
    let nodes = parsed.get(template);
    if (nodes === undefined) {
      nodes = new Parser(template).parse();
      parsed.set(template, nodes);
    }
    return nodes.map((node) => this.#node(node)).join("");
  }

  #node(node: Node): string {
    switch (node.kind) {
      case "text":
        return node.text;
      case "choice":
        return this.pick(node.options).map((inner) => this.#node(inner)).join("");
      case "focus":
        this.#focus = node.who;
        return "";
      case "variable":
        return inflect(this.#variable(node.name), node.forms);
      case "rule": {
        const name = node.name.replace(/<(\w+)>/g, (_, variable) => this.#variable(variable));
        const value = this.expand(this.#alternative(name));
        if (node.bind !== undefined) this.#variables.set(node.bind, value);
        return node.silent ? "" : inflect(value, node.forms);
      }
    }
  }

  #alternative(rule: string): string {
    const words = this.#lexicon[rule];
    if (words !== undefined) {
      const sums = cumulativeWeights(words);
      const point = this.random.uniform() * sums[sums.length - 1];
      return words[sums.findIndex((sum) => point < sum)];
    }
    const phrases = this.#phrases[rule];
    if (phrases === undefined) throw new Error(`no rule named ${rule}`);
    const fresh = phrases.filter((phrase) => !this.#used.has(phrase));
    const phrase = this.pick(fresh.length > 0 ? fresh : phrases);
    if (phrase.length > LONG) this.#used.add(phrase);
    return phrase;
  }

  #variable(name: string): string {
    const value = this.#variables.get(name);
    if (value !== undefined) return value;
    const [who, part] = name.includes(".")
      ? name.split(".")
      : this.#people.has(name)
      ? [name, "name"]
      : [this.#focus, name];
    const person = who.length > 1 ? this.#together(who) : this.#people.get(who);
    switch (part) {
      case "name":
      case "he":
      case "him":
      case "his":
      case "himself":
        if (person !== undefined) return person[part];
    }
    throw new Error(`no variable named ${name}`);
  }

  #together(letters: string): Person {
    const names = [...letters].map((letter) => this.#variable(letter));
    return { name: names.join(" and "), ...THEY };
  }
}

const weights = new WeakMap<readonly string[], number[]>();

/** Running sums of 1/(r + 8); only additions and divisions, which every machine rounds alike. */
function cumulativeWeights(words: readonly string[]): number[] {
  let sums = weights.get(words);
  if (sums === undefined) {
    let total = 0;
    sums = words.map((_, rank) => total += 1 / (rank + 8));
    weights.set(words, sums);
  }
  return sums;
}

function inflect(phrase: string, forms: readonly string[]): string {
  return forms.reduce((result, form) => FORMS[form](result), phrase);
}

class Parser {
  #at = 0;

  constructor(readonly template: string) {}

  parse(): Node[] {
    const nodes = this.#sequence();
    if (this.#at < this.template.length) throw new Error(`unbalanced template: ${this.template}`);
    return nodes;
  }

  #sequence(): Node[] {
    const nodes: Node[] = [];
    while (this.#at < this.template.length) {
      const c = this.template[this.#at];
      if (c === "|" || c === "}") break;
      if (c === "{") nodes.push(this.#choice());
      else if (c === "[") nodes.push(this.#rule());
      else if (c === "<") nodes.push(this.#variable());
      else nodes.push(this.#textOrFocus());
    }
    return nodes;
  }

  #choice(): Node {
    const options: Node[][] = [];
    do {
      this.#at++;
      options.push(this.#sequence());
    } while (this.template[this.#at] === "|");
    if (this.template[this.#at] !== "}") throw new Error(`unclosed choice: ${this.template}`);
    this.#at++;
    return { kind: "choice", options };
  }

  #enclosed(close: string): string {
    const end = this.template.indexOf(close, this.#at);
    if (end < 0) throw new Error(`unclosed reference: ${this.template}`);
    const inside = this.template.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  #rule(): Node {
    const inside = this.#enclosed("]");
    const silent = inside.startsWith("~");
    const [reference, bind] = (silent ? inside.slice(1) : inside).split(":");
    const [name, ...forms] = reference.split(".");
    return { kind: "rule", name, forms, bind, silent };
  }

  #variable(): Node {
    const parts = this.#enclosed(">").split(".");
    const form = parts.findIndex((part, i) => i > 0 && part in FORMS);
    const end = form < 0 ? parts.length : form;
    return { kind: "variable", name: parts.slice(0, end).join("."), forms: parts.slice(end) };
  }

  #textOrFocus(): Node {
    const focus = /^@([A-Z]+)/.exec(this.template.slice(this.#at));
    if (focus !== null) {
      this.#at += focus[0].length;
      return { kind: "focus", who: focus[1] };
    }
    const start = this.#at++;
    while (this.#at < this.template.length && !"{|}[<@".includes(this.template[this.#at])) {
      this.#at++;
    }
    return { kind: "text", text: this.template.slice(start, this.#at) };
  }
}
