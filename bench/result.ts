/** What was measured: a name, and numbers by what they are, with their unit. */
export interface Result {
  name: string;
  /** Why it was not measured, if it was not. */
  skipped?: string;
  [quantity: string]: string | number | undefined;
}

/** Results of the same quantities in columns; then what was skipped, and why. */
export function textTable(results: readonly Result[]): string {
  const { titles, rows, widths, skipped } = layOut(results);
  const lines = [titles, ...rows].map((row) => align(row, widths).join("  ").trimEnd());
  return [...lines, ...skipped].join("\n");
}

/** The same as Markdown. */
export function markdownTable(results: readonly Result[]): string {
  const { titles, rows, widths, skipped } = layOut(results);
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  const table = [titles, ...rows].map((row) => line(align(row, widths)));
  table.splice(1, 0, line(rule));
  return [...table, ...skipped.length > 0 ? [""] : [], ...skipped.map((text) => `- ${text}`)]
    .join("\n");
}

function layOut(results: readonly Result[]) {
  const measured = results.filter((result) => result.skipped === undefined);
  // In the order of the result that has the most.
  const keys = measured.map(Object.keys).sort((a, b) => b.length - a.length);
  const columns = [...new Set(["name", ...keys.flat()])];
  const rows = measured.map((result) => columns.map((column) => format(result[column])));
  const titles = columns.map((column) => column === "name" ? "" : column);
  const widths = columns.map((_, i) =>
    Math.max(3, ...[titles, ...rows].map((row) => row[i].length))
  );
  const skipped = results.filter((result) => result.skipped !== undefined)
    .map(({ name, skipped }) => `${name}: skipped, ${skipped}`);
  return { titles, rows, widths, skipped };
}

/** Names to the left, numbers to the right. */
function align(row: readonly string[], widths: readonly number[]): string[] {
  return row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
}

/** Three digits, or all of those before the point. */
function format(value: string | number | undefined): string {
  if (typeof value !== "number") return value ?? "";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
