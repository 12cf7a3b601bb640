import { isObject } from "../../json.ts";
import type { Vocabulary } from "../../tokens/vocabulary.ts";
import { idsOf, type Sequence } from "./sequences.ts";
import type { Task } from "./task.ts";

/** A context and its endings, as text to score. */
interface Choices {
  context: string;
  endings: string[];
  /** Which ending is right. */
  label: number;
}

/** How a question of HellaSwag is put, and its answers are compared. */
interface Way {
  /** The question that a line of the file holds. */
  choices: (line: Line) => Choices;
  /** What is scored of an ending after its context. */
  sequence: (vocabulary: Vocabulary, context: string, ending: string) => Sequence;
  /** By what the loss of an ending is divided for `acc_norm`. */
  length: (ending: string, tokens: number) => number;
}

/**
 * HellaSwag (Zellers et al., 2019), in the published `hellaswag_val.jsonl`: a context and four
 * endings, one of which is right. As in llm.c's `dev/data/hellaswag.py`, each ending follows the
 * context after a space; `acc` is how often the right one has the least loss in sum, `acc_norm` how
 * often in the mean over its tokens.
 */
export function hellaswag(): Task {
  return inWay({
    choices: ({ ctx, endings, label }) => ({ context: ctx, endings, label }),
    sequence(vocabulary, context, ending) {
      const shown = idsOf(vocabulary, context);
      if (shown.length === 0) shown.push(vocabulary.endOfText);
      const ids = idsOf(vocabulary, ` ${ending}`);
      return { ids: [...shown, ...ids], predicted: ids.length };
    },
    length: (_, tokens) => tokens,
  });
}

/**
 * The same file as EleutherAI's evaluation harness takes it (`lm_eval/tasks/hellaswag`): the activity
 * comes before the context, what WikiHow has in brackets is left out, context and ending are
 * tokenized as one text, and for `acc_norm` the loss of an ending is divided by its characters.
 */
export function hellaswagOfHarness(): Task {
  return inWay({
    choices({ activity_label: activity, ctx_a: first, ctx_b: last, endings, label }) {
      if (activity === undefined || first === undefined || last === undefined) {
        throw new Error('no "activity_label", "ctx_a" and "ctx_b"');
      }
      const context = clean(`${activity}: ${first} ${capitalize(last)}`);
      return { context, endings: endings.map(clean), label };
    },
    sequence(vocabulary, context, ending) {
      const ids = idsOf(vocabulary, `${context} ${ending}`);
      const shown = idsOf(vocabulary, context.trimEnd());
      return { ids, predicted: ids.length - shown.length };
    },
    length: (ending) => [...ending].length,
  });
}

function inWay({ choices, sequence, length }: Way): Task {
  let [questions, right, rightByLength] = [0, 0, 0];
  return {
    ask(line, vocabulary) {
      const { context, endings, label } = choices(parse(line));
      return {
        sequences: endings.map((ending) => sequence(vocabulary, context, ending)),
        answer(scores) {
          questions++;
          right += Number(least(scores.map(({ nats }) => nats)) === label);
          const means = scores.map(({ nats, tokens }, i) => nats / length(endings[i], tokens));
          rightByLength += Number(least(means) === label);
        },
      };
    },
    results: () => ({ acc: right / questions, acc_norm: rightByLength / questions }),
  };
}

/** Without what WikiHow's articles have in brackets, and as the harness does it. */
function clean(text: string): string {
  return text.trim().replaceAll(" [title]", ". ").replace(/\[[^\n]*?\]/g, "").replaceAll("  ", " ");
}

/** The first letter large, all others small. */
function capitalize(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** A line of the file. */
interface Line {
  ctx: string;
  endings: string[];
  label: number;
  activity_label?: string;
  ctx_a?: string;
  ctx_b?: string;
}

function parse(line: string): Line {
  const value: unknown = JSON.parse(line);
  const { ctx, endings, label, activity_label, ctx_a, ctx_b } = isObject(value) ? value : {};
  const isQuestion = typeof ctx === "string" && Array.isArray(endings) && endings.length === 4 &&
    endings.every((ending) => typeof ending === "string");
  if (!isQuestion) throw new Error('no "ctx" with four "endings"');
  if (![0, 1, 2, 3].includes(Number(label)) || label === "") {
    throw new Error('no "label" from 0 to 3; the test set has none, take hellaswag_val.jsonl');
  }
  const text = (value: unknown) => typeof value === "string" ? value : undefined;
  return {
    ...{ ctx, endings, label: Number(label) },
    ...{ activity_label: text(activity_label), ctx_a: text(ctx_a), ctx_b: text(ctx_b) },
  };
}

function least(values: number[]): number {
  return values.indexOf(Math.min(...values));
}
