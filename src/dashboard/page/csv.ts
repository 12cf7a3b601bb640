import type { Line } from "./points.ts";

/** The points of lines as CSV (RFC 4180), a point a row. */
export function toCsv(x: string, y: string, lines: readonly Line[]): string {
  const rows = lines.flatMap(({ label, kind = "", points }) =>
    points.map(([at, value]) => [label, kind, String(at), String(value)].map(quote).join(","))
  );
  return [["run", "curve", x, y].map(quote).join(","), ...rows, ""].join("\r\n");
}

/** A cell. One that a spreadsheet would take for a formula is made text. */
function quote(cell: string): string {
  const isFormula = /^[=+@\t\r-]/.test(cell) && !Number.isFinite(Number(cell));
  const text = isFormula ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
