/** Reads a Parquet file, and prints the bytes of its texts and the most memory of the process, as JSON. */
import { readRows } from "../../../src/data/parquet/rows.ts";

const [source] = Deno.args;
let bytes = 0;
for await (const rows of readRows({ name: source, source, size: Deno.statSync(source).size }, {})) {
  bytes += rows.bytes.length;
}
console.log(JSON.stringify({ bytes, most: mostMemory() }));

/** Linux keeps account of it; elsewhere what it is now must do. */
function mostMemory(): number {
  if (Deno.build.os !== "linux") return Deno.memoryUsage().rss;
  const [, kilobytes] = Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\s*(\d+) kB/)!;
  return 1024 * Number(kilobytes);
}
