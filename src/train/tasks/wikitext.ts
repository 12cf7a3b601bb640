import { isObject } from "../../json.ts";
import { detokenize } from "./detokenize.ts";
import { idsOf, type Sequence } from "./sequences.ts";
import type { Task } from "./task.ts";

/**
 * WikiText (Merity et al., 2016): articles whose every token is predicted. The file is the published
 * `wiki.test.raw`, or lines `{"page": "…"}`, an article each. As in the evaluation harness' `wikitext`,
 * the articles are freed of their spaces around punctuation, each begins after `<|endoftext|>`, and
 * goes through the model in windows as long as its context, of which none but the last overlaps the
 * one before; losses are summed up over all articles. `word_perplexity` goes by the words of the
 * text as it is in the file, `byte_perplexity` and `bits_per_byte` by its bytes.
 */
export function wikitext(): Task {
  let [nats, words, bytes] = [0, 0, 0];
  return {
    ask(article, vocabulary, context) {
      const ids = [vocabulary.endOfText, ...idsOf(vocabulary, detokenize(article))];
      return {
        sequences: windowsOf(ids, context),
        answer(scores) {
          for (const score of scores) nats += score.nats;
          words += article.split(/\s+/).length;
          bytes += new TextEncoder().encode(article).length;
        },
      };
    },
    results: () => ({
      word_perplexity: Math.exp(nats / words),
      byte_perplexity: Math.exp(nats / bytes),
      bits_per_byte: nats / bytes / Math.LN2,
    }),
    cut,
  };
}

/** A title is alone in its line, ` = Title = `; those of sections have more signs. */
const TITLE = /^ ?= (?!=).* = ?$/;

function cut(text: string): { text: string; line: number }[] {
  const lines = text.split("\n");
  if (/^\s*\{/.test(text)) {
    return lines.flatMap((its, i) => its.trim() === "" ? [] : [{ text: pageOf(its), line: i + 1 }]);
  }
  const starts = lines.keys().filter((i) => i > 0 && TITLE.test(lines[i])).toArray();
  return [0, ...starts].map((start, i) => {
    const article = lines.slice(start, starts[i]).join("\n");
    return { text: article, line: start + 1 };
  }).filter(({ text }) => text.trim() !== "");
}

/** @throws {Error} If a line of JSON has none. */
function pageOf(line: string): string {
  const value: unknown = JSON.parse(line);
  const { page, text } = isObject(value) ? value : {};
  const article = page ?? text;
  if (typeof article === "string") return article;
  throw new Error('no "page"');
}

/**
 * Windows in which each id but the first is predicted once: `context` of them in each, and in the
 * last, which is as long if there are as many, those that are left.
 */
function windowsOf(ids: number[], context: number): Sequence[] {
  const windows: Sequence[] = [];
  for (let known = 1; known < ids.length; known += context) {
    const end = Math.min(known + context, ids.length);
    const begin = Math.max(0, end - context - 1);
    windows.push({ ids: ids.slice(begin, end), predicted: end - known });
  }
  return windows;
}
