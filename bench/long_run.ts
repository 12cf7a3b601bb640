/**
 * Measures how long the dashboard takes to read a long run: `deno run -A bench/long_run.ts`. Prints
 * the size of the log, the seconds until all of it is read, and those for a hundredth of it to be
 * read again, as finely as there is.
 */
import { requestHandler } from "../src/dashboard/handler.ts";
import { Library } from "../src/dashboard/library.ts";

const STEPS = 1_000_000;

/** Lines as AGD's, without the norms that evaluations measure. */
function* lines(): Generator<string> {
  for (let step = 1; step <= STEPS; step++) {
    const loss = 2 + 8 / Math.sqrt(step) + Math.sin(step) / 10;
    const agd = { eta: 0.01 + 1 / step, gradient_summary: loss / 10, seconds: 0.7 * step };
    const speed = { tokens_per_second: 23_405.714, data_wait_ms: 0.104, host_ms: 4.25 };
    yield JSON.stringify({ step, tokens: 16_384 * step, loss, ...agd, ...speed }) + "\n";
  }
}

async function seconds(work: () => Promise<unknown>): Promise<string> {
  const start = performance.now();
  await work();
  return ((performance.now() - start) / 1000).toFixed(1);
}

const root = await Deno.realPath(await Deno.makeTempDir());
try {
  const path = `${root}/metrics.jsonl`;
  await Deno.writeFile(path, ReadableStream.from(lines()).pipeThrough(new TextEncoderStream()));
  const { size } = await Deno.stat(path);
  const library = new Library([root], Date.now);
  await library.look();
  const handler = requestHandler(library);
  const curves = library.curves("0/")!;
  console.log(`${STEPS} steps in ${Math.round(size / 1e6)} MB`);
  console.log(`all are read in ${await seconds(() => curves.read())} s`);
  const part = "http://localhost/part?id=0/&x=step&from=500000&to=510000";
  const request = () => new Request(part, { headers: { host: "localhost" } });
  const again = await seconds(async () => await (await handler(request())).text());
  console.log(`a hundredth of them is read again in ${again} s`);
} finally {
  await Deno.remove(root, { recursive: true });
}
