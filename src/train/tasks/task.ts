import type { Vocabulary } from "../../tokens/vocabulary.ts";
import type { Score, Sequence } from "./sequences.ts";

/** A question of a task: sequences to score, and what their scores say. */
export interface Question {
  sequences: Sequence[];
  /** Adds what the scores of the sequences, in their order, say to the task's sums. */
  answer(scores: Score[]): void;
}

/** A measure of models, on a file in the form in which it was published. */
export interface Task {
  /**
   * Makes questions of a line of the file, or of an article.
   *
   * @throws {Error} If it is no such line; it says why.
   */
  ask(text: string, vocabulary: Vocabulary, context: number): Question;
  /** What the questions that were answered add up to, by the names of the measures. */
  results(): Record<string, number>;
  /** Cuts the file's text into what questions are made of. @default lines that are not blank */
  cut?(text: string): { text: string; line: number }[];
}
