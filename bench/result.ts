/** What was measured: a name, and numbers by what they are, with their unit. */
export interface Result {
  name: string;
  [quantity: string]: string | number;
}

/** Prints results of the same quantities in columns. */
export function printTable(results: readonly Result[]): void {
  const columns = [...new Set(results.flatMap(Object.keys))];
  const rows = results.map((result) =>
    columns.map((column) => {
      const value = result[column] ?? "";
      if (typeof value === "string") return value;
      return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
    })
  );
  const titles = columns.map((column) => column === "name" ? "" : column);
  const widths = columns.map((_, i) => Math.max(...[titles, ...rows].map((row) => row[i].length)));
  for (const row of [titles, ...rows]) {
    const [first, ...rest] = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
    );
    console.log([first, ...rest].join("  "));
  }
}
