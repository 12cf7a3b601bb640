import { UserError } from "../../errors.ts";
import { formatOf, KINDS } from "./format.ts";

/** What makes data of a file. */
type Remedy = (name: string) => string;

/** A name as other programs read it between double quotes. */
const inQuotes = (name: string) => JSON.stringify(name);

/** The name with another ending. */
const withEnding = (name: string, ending: string) => name.replace(/\.[^.]*$/, ending);

const toTable: Remedy = (name) =>
  `make a Parquet file of it, e.g. in Python: import duckdb; duckdb.read_FORMAT(${
    inQuotes(name)
  }).write_parquet(${inQuotes(withEnding(name, ".parquet"))}), and name its column of texts with ` +
  "--column";

/** What to do with files of other endings. */
const ELSEWHERE: readonly [endings: readonly string[], remedy: Remedy][] = [
  [[".md", ".rst", ".tex", ".text"], () => "copy it to a name that ends in .txt"],
  [[".csv", ".tsv"], (name) => toTable(name).replace("FORMAT", "csv")],
  [[".json"], (name) => toTable(name).replace("FORMAT", "json")],
  [
    [".arrow"],
    (name) =>
      `make a Parquet file of it in Python: from datasets import Dataset; Dataset.from_file(${
        inQuotes(name)
      }).to_parquet(${inQuotes(withEnding(name, ".parquet"))})`,
  ],
  [
    [".npy"],
    (name) =>
      "if it holds GPT-2 tokens, make a .bin of it in Python: import numpy as np; " +
      `np.load(${inQuotes(name)}).ravel().astype(np.uint16).tofile(${
        inQuotes(withEnding(name, ".bin"))
      })`,
  ],
  [
    [".xml", ".html", ".htm"],
    () => 'write its texts to a .jsonl file, a line {"text": "…"} for each document',
  ],
  [[".pdf", ".epub", ".doc", ".docx", ".odt", ".rtf"], () => "save its text as a .txt file"],
  [
    [".xz", ".bz2", ".zip", ".7z", ".tgz", ".tar.gz", ".tar.zst", ".lz4"],
    () => "unpack it",
  ],
];

/** What to do with a file that is no data file by its ending. */
export function remedyFor(name: string): string {
  const isSo = ([endings]: (typeof ELSEWHERE)[number]) =>
    endings.some((ending) => name.toLowerCase().endsWith(ending));
  if (formatOf(name.toLowerCase())) return "spell its ending in small letters";
  const [, remedy] = ELSEWHERE.findLast(isSo) ?? [];
  return remedy?.(name) ?? "if it is a text, copy it to a name that ends in .txt";
}

/** That a file's ending stands for no format, and what to do with it. */
export function unknownKind(name: string): UserError {
  return new UserError(`${name}: the data must be one of ${KINDS}; ${remedyFor(name)}`, "DATA");
}
