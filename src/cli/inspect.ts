/** `deno task inspect`: shows what data holds and what a model sees of it. */
import { holdTokens } from "../data/bin/bin_corpus.ts";
import { type Example, inspect, type Inspection, type InspectOptions } from "../data/inspect.ts";
import type { Shard } from "../data/files/shard.ts";
import { findShards, findSources } from "../data/files/sources.ts";
import { TOKEN_COUNT, tokenBytes } from "../tokens/tokenizer.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { COLUMN } from "./column_option.ts";
import { main, type Start } from "./main.ts";
import { dataOption } from "./data_option.ts";
import { limitNetwork } from "./network.ts";
import { ReadingBar } from "./reading_bar.ts";
import { spoolInput } from "./standard_input.ts";
import { printJson, printLine } from "./terminal.ts";
import { WEIGHT, weightOption } from "./weight_option.ts";
import { limitWriting } from "./writing.ts";

const COMMAND: CommandSpec = {
  name: "inspect",
  summary:
    "Shows what data holds: sizes, languages, lengths, and the first documents as the model\n" +
    "sees them.",
  options: {
    data: {
      value: "PATH",
      help: "text as for train, - for standard input, or .bin files of tokens; repeatable " +
        "(default data/)",
      repeatable: true,
    },
    weight: WEIGHT,
    column: COLUMN,
    documents: { value: "N", help: "documents to show (default 3)" },
    limit: { value: "N", help: "stop after N documents (default: read all)" },
    lang: { value: "CODE", help: "leave out documents that say to be in another language" },
    "min-tokens": { value: "N", help: "leave out documents of fewer tokens" },
    "skip-bad": { help: "count and skip lines that cannot be read, instead of stopping" },
    json: { help: "print one JSON object instead" },
  },
  examples: ["--data 'owt2/*.jsonl.zst' --limit 10000", "--data owt2-tokens --documents 1"],
};

async function inspectCommand(options: Arguments): Promise<void> {
  const { data: given } = dataOption(options);
  limitNetwork(given);
  const json = options.flag("json");
  const limit = options.integer("limit");
  const examples = options.integer("documents", { min: 0 }) ?? 3;
  const lang = options.text("lang");
  const minTokens = options.integer("min-tokens", { min: 0 });
  const skipBad = options.flag("skip-bad");
  using input = await spoolInput(given, { task: "inspect" });
  if (input.note && !json) printLine(input.note);
  const { data } = input;
  limitWriting(...input.writes);
  let skipped = 0; // of archives, before their files are read
  const found = { column: options.text("column"), skipBad, onBad: () => skipped++ };
  const weights = weightOption(options);
  const sources = weights ? await findSources(data, found) : [await findShards(data, found)];
  sources.forEach(holdTokens); // either all of one or none
  const settings = { limit, examples, lang, minTokens, skipBad };
  const inspections = await inspectAll(sources, settings, json);
  inspections[0].skipped += skipped;
  if (weights) return tellSources(weights, { data, sources, inspections, json });
  const [[shards], [inspection]] = [sources, inspections];
  if (json) printJson({ files: shards.length, ...inspection });
  else printLine(describe(inspection, shards.length));
}

/** Inspects sources one after the other, with a bar on terminals. */
async function inspectAll(
  sources: readonly (readonly Shard[])[],
  settings: InspectOptions,
  json: boolean,
): Promise<Inspection[]> {
  const sizes = sources.flat().map(({ size }) => size);
  const total = sizes.every((size) => size !== undefined)
    ? sizes.reduce((sum, size) => sum + size, 0)
    : undefined;
  using bar = json || !Deno.stdout.isTerminal() ? undefined : new ReadingBar();
  let read = 0;
  let drawnAt = 0;
  const onRead = (bytes: number) => {
    read += bytes;
    if (performance.now() < drawnAt + 200) return;
    drawnAt = performance.now();
    bar?.draw(read, total, "");
  };
  const inspections: Inspection[] = [];
  for (const shards of sources) inspections.push(await inspect(shards, { ...settings, onRead }));
  return inspections;
}

/** Tells of each source of a mixture, and which share of the sequences is drawn from it. */
function tellSources(
  weights: readonly number[],
  { data, sources, inspections, json }: {
    data: readonly string[];
    sources: readonly (readonly Shard[])[];
    inspections: readonly Inspection[];
    json: boolean;
  },
): void {
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  const all = inspections.map((inspection, i) => (
    { data: data[i], share: weights[i] / sum, files: sources[i].length, ...inspection }
  ));
  if (json) return printJson({ sources: all });
  const texts = all.map(({ data, share, files, ...inspection }, i) => {
    const title = `=== source ${i + 1}: ${data}, ${(100 * share).toFixed(1)}% of the sequences`;
    return `${title}\n\n${describe(inspection, files)}`;
  });
  printLine(texts.join("\n\n"));
}

function describe(inspection: Inspection, files: number): string {
  const { documents, characters, bytes, tokens, distinctTokens, skipped } = inspection;
  const count = (number: number) => number.toLocaleString("en");
  const ratio = tokens > 0 ? `, ${(bytes / tokens).toFixed(2)} bytes each` : "";
  return [
    `files       ${count(files)}${inspection.complete ? "" : ", read up to --limit"}`,
    `documents   ${count(documents)}`,
    `characters  ${count(characters)}`,
    `bytes       ${count(bytes)}`,
    `tokens      ${count(tokens)}${ratio}`,
    `distinct    ${count(distinctTokens)} of GPT-2's ${count(TOKEN_COUNT)} tokens`,
    `languages   ${describeLanguages(inspection.languages)}`,
    `skipped     ${count(skipped)} bad lines`,
    ...describeLengths(inspection.lengths),
    ...inspection.examples.flatMap(describeExample),
  ].join("\n");
}

/** The commonest first. */
function describeLanguages(languages: Record<string, number>): string {
  const sorted = Object.entries(languages).sort(([, a], [, b]) => b - a);
  const shown = sorted.map(([lang, count]) => {
    return `${lang === "" ? "not given" : nameControls(lang)} ${count.toLocaleString("en")}`;
  });
  return shown.length === 0 ? "none" : shown.join(", ");
}

/** A histogram, sideways. */
function describeLengths(lengths: readonly number[]): string[] {
  const most = Math.max(...lengths);
  const first = lengths.findIndex((count) => count > 0);
  if (first < 0) return [];
  const rows = lengths.map((count, k) => {
    const range = (k === 0 ? "1" : `${2 ** k}-${2 ** (k + 1) - 1}`).padStart(15);
    const bar = "█".repeat(Math.round(40 * count / most)) || (count > 0 ? "▏" : "");
    return `${range}  ${bar} ${count.toLocaleString("en")}`;
  });
  return ["", "documents by their number of tokens", ...rows.slice(first)];
}

function describeExample({ file, line, lang, length, tokens }: Example, index: number): string[] {
  const where = [line === undefined ? file : `${file}:${line}`, lang && nameControls(lang)];
  const title = [...where.filter(Boolean), `${length.toLocaleString("en")} tokens`].join(", ");
  const rest = length - tokens.length;
  const more = rest > 0 ? `\n… and ${rest.toLocaleString("en")} more` : "";
  return [
    ...["", `--- document ${index + 1}: ${title}`, nameControls(decode(tokens)) + more],
    ...["--- as tokens", showTokens(tokens) + (more || "│<|endoftext|>")],
  ];
}

function decode(tokens: readonly number[]): string {
  const bytes = Uint8Array.from(tokens.flatMap((token) => [...tokenBytes(token)]));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Tokens with a line between them and white space that can be seen; parts of characters as bytes. */
export function showTokens(tokens: readonly number[]): string {
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
  return tokens.map((token) => {
    const bytes = tokenBytes(token);
    try {
      return nameControls(utf8.decode(bytes).replaceAll(" ", "·").replaceAll("\t", "→"))
        .replaceAll("\n", "↵\n");
    } catch {
      return `<${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")}>`;
    }
  }).join("│");
}

/** Text with the names of characters that would upset a terminal in their place. */
function nameControls(text: string): string {
  return text.replace(
    /[^\P{Cc}\n\t]|[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu,
    (character) => {
      return `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}>`;
    },
  );
}

/** Runs the command. */
export const start: Start = (args) => main(COMMAND, inspectCommand, { args });

if (import.meta.main) await start();
