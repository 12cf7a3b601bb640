/**
 * Streams the first pass over a file as for training, with as many tokenizers as the second argument
 * says, and prints the tokens that it gave and the most memory that the process took, as JSON.
 */
import { openTokenStream } from "../../src/data/token_stream.ts";
import { fullVocabulary } from "../../src/tokens/vocabulary.ts";

const [file, workers] = Deno.args;
let most = 0;
let tokens = 0;
await using stream = await openTokenStream({
  ...{ data: [file], workers: Number(workers), vocabulary: fullVocabulary() },
  ...{ context: 1024, batch: 8, split: "training", seed: 1 },
});
const isLinux = Deno.build.os === "linux";
for (let batches = 0;; batches++) {
  const { inputs, epoch = 0 } = await stream.next();
  if (epoch > 0) break;
  tokens += inputs.length;
  if (!isLinux && batches % 50 === 0) most = Math.max(most, Deno.memoryUsage().rss);
}
if (isLinux) { // which keeps account itself
  const [, kilobytes] = Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\s*(\d+) kB/)!;
  most = 1024 * Number(kilobytes);
}
console.log(JSON.stringify({ tokens, most }));
