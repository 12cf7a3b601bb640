/** The part of @std/text that is used; its npm packaging has no declarations. */
declare module "@std/text/levenshtein-distance" {
  /** The number of characters to insert, delete or replace to turn one text into the other. */
  export function levenshteinDistance(one: string, other: string): number;
}
