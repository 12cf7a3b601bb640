import { isObject } from "../../json.ts";
import { idsOf } from "./sequences.ts";
import type { Task } from "./task.ts";

/**
 * HellaSwag (Zellers et al., 2019), in the published `hellaswag_val.jsonl`: a context and four
 * endings, one of which is right. As in llm.c's `dev/data/hellaswag.py`, each ending follows the
 * context after a space; `acc` is how often the right one has the least loss in sum, `acc_norm` how
 * often in the mean over its tokens.
 */
export function hellaswag(): Task {
  let [questions, right, rightByMean] = [0, 0, 0];
  return {
    ask(line, vocabulary) {
      const { context, endings, label } = parse(line);
      const shown = idsOf(vocabulary, context);
      if (shown.length === 0) shown.push(vocabulary.endOfText);
      const sequences = endings.map((ending) => {
        const ids = idsOf(vocabulary, ` ${ending}`);
        return { ids: [...shown, ...ids], predicted: ids.length };
      });
      return {
        sequences,
        answer(scores) {
          questions++;
          right += Number(least(scores.map(({ nats }) => nats)) === label);
          rightByMean += Number(least(scores.map(({ nats, tokens }) => nats / tokens)) === label);
        },
      };
    },
    results: () => ({ acc: right / questions, acc_norm: rightByMean / questions }),
  };
}

function parse(line: string): { context: string; endings: string[]; label: number } {
  const value: unknown = JSON.parse(line);
  const { ctx, endings, label } = isObject(value) ? value : {};
  const isQuestion = typeof ctx === "string" && Array.isArray(endings) && endings.length === 4 &&
    endings.every((ending) => typeof ending === "string");
  if (!isQuestion) throw new Error('no "ctx" with four "endings"');
  if (![0, 1, 2, 3].includes(Number(label)) || label === "") {
    throw new Error('no "label" from 0 to 3; the test set has none, take hellaswag_val.jsonl');
  }
  return { context: ctx, endings, label: Number(label) };
}

function least(values: number[]): number {
  return values.indexOf(Math.min(...values));
}
