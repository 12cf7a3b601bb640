/**
 * Streams the first pass over a file as for training, with as many tokenizers as the second argument
 * says, and prints the tokens that it gave and the most memory that it took, above what the process
 * had before, as JSON.
 */
import { openTokenStream } from "../../src/data/token_stream.ts";
import { fullVocabulary } from "../../src/data/vocabulary.ts";

const [file, workers] = Deno.args;
const before = Deno.memoryUsage().rss;
let most = 0;
let tokens = 0;
await using stream = await openTokenStream({
  ...{ data: [file], workers: Number(workers), vocabulary: fullVocabulary() },
  ...{ context: 1024, batch: 8, split: "training", seed: 1 },
});
for (let batches = 0;; batches++) {
  const { inputs, epoch } = await stream.next();
  if (epoch > 0) break;
  tokens += inputs.length;
  if (batches % 50 === 0) most = Math.max(most, Deno.memoryUsage().rss - before);
}
console.log(JSON.stringify({ tokens, most }));
