import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { UsageError, UserError } from "../../../src/errors.ts";
import type { Gpt2Config } from "../../../src/model/config.ts";
import { Gpt2 } from "../../../src/model/gpt2.ts";
import { parameterTable, sizeOf } from "../../../src/model/parameters.ts";
import { encode } from "../../../src/tokens/tokenizer.ts";
import { compactVocabulary, fullVocabulary } from "../../../src/tokens/vocabulary.ts";
import { LossPass } from "../../../src/train/loss_pass.ts";
import { detokenize } from "../../../src/train/tasks/detokenize.ts";
import { evaluateTask, type TaskName } from "../../../src/train/tasks/evaluate_task.ts";
import { hellaswagOfHarness } from "../../../src/train/tasks/hellaswag.ts";
import { scoreSequences } from "../../../src/train/tasks/sequences.ts";
import { TempDir } from "../../data/fixtures.ts";
import { modelOf, ODD, randomWeights, uploadTensors } from "../../model/helpers.ts";
import { openTestGpu } from "../../ops/helpers.ts";
import { forward } from "../../reference/gpt2.ts";

const gpu = await openTestGpu();
const WORDS = " moon sun sea the rises = Moon . ,";
const vocabulary = compactVocabulary(encode(WORDS));
const config: Gpt2Config = {
  ...{ layers: 1, heads: 1, width: 4, context: 8, bias: true, affine: true },
  vocabularySize: vocabulary.size,
};

/** What is more likely than other tokens, whatever comes before, and by which logit. */
const LOGITS: Record<string, number> = { " moon": 5, " sun": 3, " sea": 2, " rises": 4 };

/** A model of these logits: those of all other tokens are 0. */
function unigrams(): Gpt2 {
  const weights = new Map(
    parameterTable(config).map((spec) => [spec.name, new Float64Array(sizeOf(spec.shape))]),
  );
  for (const [word, logit] of Object.entries(LOGITS)) {
    weights.get("wte.weight")![vocabulary.encode(encode(word))[0] * config.width] = logit;
  }
  weights.get("ln_f.bias")![0] = 1; // all that comes out of the blocks
  return new Gpt2(gpu, config, vocabulary, uploadTensors(gpu, config, weights));
}

/** ln Z of its softmax: what a token of logit 0 loses. */
const UNKNOWN = Math.log(
  Object.values(LOGITS).reduce((sum, logit) => sum + Math.exp(logit), 0) + vocabulary.size - 4,
);

/** What tokens lose of which these have logits, and some are others. */
const lossOf = (words: string[], others = 0) =>
  words.reduce((sum, word) => sum + UNKNOWN - LOGITS[word], others * UNKNOWN);

async function evaluate(task: TaskName, name: string, content: string, limit?: number) {
  await using dir = new TempDir();
  using model = unigrams();
  const before = gpu.allocatedBytes;
  const seen: number[][] = [];
  const result = await evaluateTask(model, {
    ...{ task, data: await dir.write(name, content), limit, batch: 3 },
    onProgress: (...counts) => seen.push(counts),
  });
  assertEquals(gpu.allocatedBytes, before, "nothing stays allocated");
  const { questions } = result;
  assertEquals(seen, Array.from({ length: questions }, (_, i) => [i + 1, questions]));
  return result;
}

function assertScores(actual: Record<string, number>, expected: Record<string, number>): void {
  assertEquals(Object.keys(actual), Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    assertAlmostEquals(actual[name], value, 1e-4 * Math.abs(value));
  }
}

const question = (label: number | string, ...endings: string[]) =>
  JSON.stringify({ ind: 1, ctx: "the", endings, label, split: "val" }) + "\n";

Deno.test("hellaswag: the right ending by its sum, and by its mean over tokens", async () => {
  const text = question(0, "moon", "sun", "sea", "sun sun") + // least in both
    question("1", "sun", "rises rises", "sea", "sea sea") + // least in the mean only
    question(2, "sun", "rises rises", "sea", "sea sea"); // in neither
  const { questions, scores } = await evaluate("hellaswag", "hellaswag_val.jsonl", text);
  assertEquals(questions, 3);
  assertScores(scores, { acc: 1 / 3, acc_norm: 2 / 3 });
  const first = await evaluate("hellaswag", "hellaswag_val.jsonl", text, 1);
  assertEquals([first.questions, first.scores], [1, { acc: 1, acc_norm: 1 }]);
});

Deno.test("hellaswag-harness: the right ending by its sum, and by its mean over characters", async () => {
  const line = (label: number, ...endings: string[]) =>
    JSON.stringify({
      ...{ activity_label: "sea", ctx_a: "the", ctx_b: "moon", ctx: "the moon", endings, label },
    }) + "\n";
  const text = line(1, "sun", "rises", "sea", "sea sea") + // least in both
    line(0, "moon [title] moon", "sun", "sea", "sea sea") + // the longest, moon. moon: in the mean
    line(2, "sun", "rises rises", "sea", "sea sea"); // in neither
  assertEquals(lossOf([" moon", " moon"], 1) / 10 < lossOf([" sun"]) / 3, true);
  const { scores } = await evaluate("hellaswag-harness", "hellaswag_val.jsonl", text);
  assertScores(scores, { acc: 1 / 3, acc_norm: 2 / 3 });
  await assertRejects(
    () => evaluate("hellaswag-harness", "b.jsonl", question(0, "a", "b", "c", "d")),
    UserError,
    'b.jsonl:1: no "activity_label", "ctx_a" and "ctx_b"',
  );
});

Deno.test("hellaswag-harness: activity and context are one text, without what is in brackets", () => {
  const line = {
    ...{ activity_label: "Roof", ctx_a: " [header] A man  sits.", ctx_b: "he NOW", ctx: "" },
    ...{ endings: ["is [substeps] up.", "b", "c", "d"], label: "3" },
  };
  const { sequences } = hellaswagOfHarness().ask(JSON.stringify(line), fullVocabulary(), 8);
  const [{ ids, predicted }] = sequences;
  const all = Array.from(ids);
  assertEquals(all, encode("Roof:  A man sits. He now is up."));
  assertEquals(all.slice(-predicted), encode(" is up."));
});

Deno.test("lambada: the last word, by the likeliest tokens and the loss of words", async () => {
  const passages = ["the sun rises moon", "the moon the sea", "the rises moon moon"];
  const nats = 2 * lossOf([" moon"]) + lossOf([" sea"]);
  const expected = { acc: 2 / 3, perplexity: Math.exp(nats / 3) };
  const lines = passages.map((text) => JSON.stringify({ text }) + "\n").join("\n");
  assertScores((await evaluate("lambada", "lambada_test.jsonl", lines)).scores, expected);
  const plain = await evaluate("lambada", "lambada_test_plain_text.txt", passages.join("\n"));
  assertScores(plain.scores, expected);
});

Deno.test("lambada: a word of several tokens is right if each of them is the likeliest", async () => {
  // An x is none of the vocabulary's tokens but two, a space and the letter.
  const { scores } = await evaluate("lambada", "a.txt", "the moon x\n");
  assertScores(scores, { acc: 0, perplexity: Math.exp(lossOf([], 2)) });
});

Deno.test("wikitext: perplexity by the words of the file, in windows over each article", async () => {
  const text = " \n = Moon = \n \n the moon rises , the sun rises \n" +
    " = = Moon = = \n the sea . \n = Moon = \n the sun \n";
  const articles = [
    " = Moon = \n \n the moon rises , the sun rises \n = = Moon = = \n the sea . ",
    " = Moon = \n the sun \n",
  ];
  let nats = 0;
  for (const article of articles) {
    // Each token but the first <|endoftext|> is predicted once, whatever the windows.
    for (const id of vocabulary.encode(encode(detokenize(article)))) {
      const token = new TextDecoder().decode(
        vocabulary.tokenizer.tokenBytes(vocabulary.decode(id)),
      );
      nats += UNKNOWN - (LOGITS[token] ?? 0);
    }
  }
  const words = 1 + 3 + 7 + 5 + 3 + 1 + (1 + 3 + 2 + 1);
  const bytes = articles.join("").length;
  const { questions, scores } = await evaluate("wikitext", "wiki.test.raw", text);
  assertEquals(questions, 2);
  const expected = {
    word_perplexity: Math.exp(nats / words),
    byte_perplexity: Math.exp(nats / bytes),
    bits_per_byte: nats / bytes / Math.LN2,
  };
  assertScores(scores, expected);
  const pages = articles.map((page) => JSON.stringify({ page }) + "\n").join("");
  assertScores((await evaluate("wikitext", "a.jsonl", pages)).scores, expected);
});

Deno.test("articles are written as they would be elsewhere", () => {
  assertEquals(
    detokenize(
      ' = = A title = = \n It was 1 @,@ 234 @.@ 5 km ( 10 @-@ 20 mi ) , " so " he \'s said ; yes . \n',
    ),
    ' == A title ==\nIt was 1,234.5 km (10-20 mi), "so" he\'s said; yes.\n',
  );
});

Deno.test("scores are the reference's, of sequences of any length", async () => {
  const weights = randomWeights(ODD, 1, 1);
  using model = modelOf(gpu, ODD, weights);
  const { context: T, vocabularySize: V } = ODD;
  const all = [3, 1, 4, 1, 5, 9, 2, 6, 5];
  const sequences = [[2, 1], [4, 2], [6, 5], [9, 3], [9, 8], [3, 2], [5, 1]]
    .map(([length, predicted]) => ({ ids: all.slice(0, length), predicted }));
  using pass = new LossPass(model, model.weights, 3, true);
  const scores = await Array.fromAsync(
    scoreSequences(pass, { batch: 3, context: T }, sequences),
  );
  sequences.forEach(({ ids, predicted }, i) => {
    const shown = ids.slice(-T - 1);
    const pad = (its: number[]) => [...its, ...Array(T - its.length).fill(0)];
    const [inputs, targets] = [pad(shown.slice(0, -1)), pad(shown.slice(1))];
    const { losses, logits } = forward(ODD, weights, inputs, targets, 1);
    const end = shown.length - 1;
    const start = Math.max(0, end - predicted);
    const nats = losses.slice(start, end).reduce((sum, loss) => sum + loss, 0);
    assertAlmostEquals(scores[i].nats, nats, 1e-4);
    assertEquals(scores[i].tokens, end - start);
    const isGreedy = targets.slice(start, end).every((target, at) => {
      const row = logits.slice((start + at) * V, (start + at + 1) * V);
      return row[target] === Math.max(...row);
    });
    assertEquals(scores[i].isGreedy, isGreedy);
  });
});

Deno.test("what is no file of a task is told with its line", async () => {
  const fails = async (task: TaskName, content: string | Uint8Array, why: string) => {
    await using dir = new TempDir();
    using model = unigrams();
    const data = await dir.write("a", content);
    const message = `${data}${why}`;
    await assertRejects(() => evaluateTask(model, { task, data }), UserError, message);
  };
  await fails("hellaswag", question(0, "a", "b", "c", "d") + "{", ":2: not JSON");
  await fails("hellaswag", '{"ctx": "a"}', ':1: no "ctx" with four "endings"');
  await fails(
    "hellaswag",
    question("", "a", "b", "c", "d"),
    ':1: no "label" from 0 to 3; the test',
  );
  await fails("lambada", '\n{"a": 1}\n', ':2: no "text"');
  await fails("lambada", "word\n", ":1: a passage of one word");
  await fails("wikitext", '{"a": 1}\n', ':1: no "page"');
  await fails("wikitext", " \n", " is empty");
  await fails("wikitext", Uint8Array.of(0x1f, 0x8b), ": not UTF-8 text at byte 1; unpack it");
  using model = unigrams();
  await assertRejects(
    () => evaluateTask(model, { task: "lambada", data: "a", limit: 0 }),
    UsageError,
    "limit must be a positive integer, not 0",
  );
});
