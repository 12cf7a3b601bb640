/** What WikiText wrote apart, and how it is written. */
const REPAIRS: readonly [RegExp, string][] = [
  [/s '/g, "s'"],
  // Numbers.
  [/ @([-,.])@ /g, "$1"],
  // Punctuation.
  [/ ([:;.!?,]) /g, "$1 "],
  // Brackets and quotation marks.
  [/\(\s*([^)]*?)\s*\)/g, "($1)"],
  [/\[\s*([^\]]*?)\s*\]/g, "[$1]"],
  [/\{\s*([^}]*?)\s*\}/g, "{$1}"],
  [/"\s*([^"]*?)\s*"/g, '"$1"'],
  [/'\s*([^']*?)\s*'/g, "'$1'"],
  // Headings, degrees, lines' ends.
  [/= = = =/g, "===="],
  [/= = =/g, "==="],
  [/= =/g, "=="],
  [/ ° /g, "°"],
  [/ \n/g, "\n"],
  [/\n /g, "\n"],
  [/ N /g, " 1 "],
  [/ 's/g, "'s"],
];

/** An article of WikiText as it would be written, by the rules of the evaluation harness. */
export function detokenize(article: string): string {
  return REPAIRS.reduce((text, [apart, written]) => text.replace(apart, written), article);
}
