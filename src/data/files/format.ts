/** How a data file is to be read. */
export interface Format {
  /** Documents line by line, one plain text, documents row by row, an archive of data files, or tokens. */
  content: "jsonl" | "txt" | "parquet" | "tar" | "bin";
  /** What its bytes are packed with. */
  compression?: "zstd" | "gzip";
}

const FORMATS: Record<string, Format> = {
  ".jsonl.zst": { content: "jsonl", compression: "zstd" },
  ".jsonl.gz": { content: "jsonl", compression: "gzip" },
  ".jsonl": { content: "jsonl" },
  ".txt.zst": { content: "txt", compression: "zstd" },
  ".txt.gz": { content: "txt", compression: "gzip" },
  ".txt": { content: "txt" },
  ".parquet": { content: "parquet" },
  ".tar": { content: "tar" },
  ".bin": { content: "bin" },
};

/** The endings of data files, for messages. */
export const KINDS = Object.keys(FORMATS).join(", ");

/** Those of them that are looked for in archives. */
export const TEXT_KINDS = endings(holdsText).join(", ");

/** Those that are not. */
export const OTHER_KINDS = endings((format) => !holdsText(format)).join(", ")
  .replace(/, ([^,]*)$/, " and $1");

function endings(isSo: (format: Format) => boolean): string[] {
  return Object.entries(FORMATS).filter(([, format]) => isSo(format)).map(([ending]) => ending);
}

/** Whether files of a format are read from their beginning to their end, for the documents in them. */
export function holdsText({ content }: Format): boolean {
  return content === "jsonl" || content === "txt";
}

/** The format that a file's ending stands for; undefined if it is none of {@linkcode KINDS}. */
export function formatOf(name: string): Format | undefined {
  const ending = Object.keys(FORMATS).find((ending) => name.endsWith(ending));
  return ending === undefined ? undefined : FORMATS[ending];
}

/** Whether a file, by its name, shows its own end, so that one cut short does not pass for whole. */
export function endsItself(name: string): boolean {
  const { content, compression } = formatOf(name) ?? {};
  return compression !== undefined || content === "tar";
}
