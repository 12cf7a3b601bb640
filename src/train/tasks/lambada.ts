import { isObject } from "../../json.ts";
import { idsOf } from "./sequences.ts";
import type { Task } from "./task.ts";

/**
 * LAMBADA (Paperno et al., 2016): the last word of a passage is to be predicted. The file is OpenAI's
 * `lambada_test.jsonl`, a line `{"text": "…"}` each, or the original plain text, a passage a line. As
 * in the evaluation harness' `lambada_openai`, `acc` is how often each token of the word is the
 * likeliest, and `perplexity` that of whole words.
 */
export function lambada(): Task {
  let [passages, right, nats] = [0, 0, 0];
  return {
    ask(line, vocabulary) {
      const text = parse(line);
      const space = text.lastIndexOf(" ");
      if (space <= 0) throw new Error("a passage of one word");
      const word = idsOf(vocabulary, text.slice(space));
      const ids = [...idsOf(vocabulary, text.slice(0, space)), ...word];
      return {
        sequences: [{ ids, predicted: word.length }],
        answer([score]) {
          passages++;
          right += Number(score.isGreedy);
          nats += score.nats;
        },
      };
    },
    results: () => ({ acc: right / passages, perplexity: Math.exp(nats / passages) }),
  };
}

function parse(line: string): string {
  if (!/^\s*\{/.test(line)) return line.trim();
  const value: unknown = JSON.parse(line);
  if (isObject(value) && typeof value.text === "string") return value.text;
  throw new Error('no "text"');
}
