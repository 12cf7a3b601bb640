/** `deno task bench`: how fast the parts are on this machine. */
import type { Arguments, CommandSpec } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { benchData } from "./data.ts";
import { printTable, type Result } from "./result.ts";

/** The benchmarks by name. Each tells of its results as they come. */
const BENCHMARKS = { data: benchData };

const NAMES = Object.keys(BENCHMARKS) as (keyof typeof BENCHMARKS)[];

const COMMAND: CommandSpec = {
  name: "bench",
  summary: "Measures how fast the parts are on this machine; leave it alone meanwhile.",
  options: {
    only: { value: "NAME", help: `one of ${NAMES.join(", ")} (default all)` },
    json: { help: "print one JSON object a line instead of a table" },
  },
  examples: ["", "--only data"],
};

async function benchCommand(options: Arguments): Promise<void> {
  const only = options.choice("only", NAMES);
  for (const name of NAMES) {
    if (only !== undefined && name !== only) continue;
    const results: Result[] = [];
    for await (const result of BENCHMARKS[name]()) {
      results.push(result);
      if (options.flag("json")) console.log(JSON.stringify({ benchmark: name, ...result }));
    }
    if (!options.flag("json")) printTable(results);
  }
}

if (import.meta.main) await main(COMMAND, benchCommand);
