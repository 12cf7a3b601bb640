import { UserError } from "../src/errors.ts";

/** What stands between `<!-- table: NAME -->` and `<!-- end of table -->` is written by a command. */
const MARKED = /^<!-- table: (\S+) -->$[^]*?^<!-- end of table -->$/gm;
const START = /^<!-- table: /gm;

/**
 * A Markdown text with its marked tables as they are now.
 *
 * @param path What to call the text in errors.
 * @param tableOf The table of a name; undefined if there is none.
 * @throws {UserError} If a table is unknown or its end is missing.
 */
export function fillTables(
  text: string,
  path: string,
  tableOf: (name: string) => string | undefined,
): string {
  const starts = text.match(START)?.length ?? 0;
  let found = 0;
  const filled = text.replaceAll(MARKED, (_, name) => {
    const table = tableOf(name);
    if (table === undefined) throw new UserError(`${path}: there is no table '${name}'`);
    found++;
    return `<!-- table: ${name} -->\n\n${table}\n\n<!-- end of table -->`;
  });
  if (found < starts) throw new UserError(`${path}: a table has no '<!-- end of table -->'`);
  return filled;
}
