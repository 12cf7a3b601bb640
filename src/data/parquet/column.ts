import type { ColumnMetaData, FileMetaData, SchemaTree } from "hyparquet";
import { DEFAULT_PARSERS } from "hyparquet/convert";
import type { readDataPage } from "hyparquet/datapage";
import { parquetSchema } from "hyparquet/metadata";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/schema";
import { UserError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { DataError } from "../files/data_error.ts";
import { CODECS, isKnownCodec } from "./codecs.ts";

/** The column that is read unless another is named. */
const TEXT_COLUMN = "text";

/** Names of columns that an error lists. */
const LISTED = 20;

/** How hyparquet is to read a page. */
export type Decoder = Parameters<typeof readDataPage>[2];

/** A column of texts: its part of each row group of a file. */
export interface Chunk {
  /** The number of its row group, from 0. */
  group: number;
  /** The number of its first row in the file, from 0. */
  first: number;
  /** The number of its rows. */
  rows: number;
  /** Where its pages begin in the file. */
  offset: number;
  /** Their size in bytes. */
  size: number;
  /** How they are to be read. */
  decoder: Decoder;
  /** The definition level of a text that is there; a lower one stands for null. */
  maxLevel: number;
}

/**
 * Finds a column of texts: strings, or bytes that are not said to be anything else.
 *
 * @param column Its name; of a field in a struct as in `meta.title`. @default text
 * @returns Its chunks, in the order of the file's rows.
 * @throws {UserError} If there is no such column, it holds something else, or it is packed in a way
 * that cannot be read.
 * @throws {DataError} If the footer does not say where it is.
 */
export function findColumn(
  file: string,
  metadata: FileMetaData,
  column = TEXT_COLUMN,
): Chunk[] {
  const schemaPath = findSchemaPath(file, metadata, column);
  const { element, path } = schemaPath[schemaPath.length - 1];
  checkText(file, schemaPath, column);
  const maxLevel = getMaxDefinitionLevel(schemaPath);
  // Without what would have hyparquet make strings of the bytes.
  const plain = { ...element, converted_type: undefined, logical_type: undefined };
  let first = 0;
  return metadata.row_groups.map(({ columns, num_rows }, group) => {
    const its = columns.map(({ meta_data }) => meta_data)
      .find((data) => data?.path_in_schema.join(".") === column);
    const rows = Number(num_rows);
    const place = { group, first, rows, ...placeOf(file, group, its) };
    first += rows;
    const codec = its!.codec;
    checkCodec(file, codec);
    const decoder: Decoder = {
      ...{ pathInSchema: path, type: "BYTE_ARRAY", element: plain, schemaPath, codec },
      ...{ parsers: DEFAULT_PARSERS, compressors: CODECS },
    };
    return { ...place, decoder, maxLevel };
  });
}

/** From the root of the schema to the column. */
function findSchemaPath(file: string, metadata: FileMetaData, column: string): SchemaTree[] {
  const all = leaves([parquetSchema(metadata)]);
  const nameOf = (path: SchemaTree[]) => path[path.length - 1].path.join(".");
  const found = all.find((path) => nameOf(path) === column);
  if (found) return found;
  const names = all.slice(0, LISTED).map((path) => quote(nameOf(path)));
  const more = all.length > LISTED ? [`and ${all.length - LISTED} more`] : [];
  throw new UserError(
    `${file} has no column ${quote(column)}; name one of texts with --column: ` +
      [...names, ...more].join(", "),
    "DATA",
  );
}

/** The paths to all columns below a part of the schema. */
function leaves(path: SchemaTree[]): SchemaTree[][] {
  const { children } = path[path.length - 1];
  return children.length === 0 ? [path] : children.flatMap((child) => leaves([...path, child]));
}

/** What strings are said to be; old files say nothing. */
const TEXTS = new Set(["STRING", "UTF8", "JSON", "ENUM", undefined]);

function checkText(file: string, path: SchemaTree[], column: string): void {
  const { type, logical_type, converted_type } = path[path.length - 1].element;
  const kind = logical_type?.type ?? converted_type;
  const isList = getMaxRepetitionLevel(path) > 0;
  if (type === "BYTE_ARRAY" && TEXTS.has(kind) && !isList) return;
  throw new UserError(
    `${file}: column ${quote(column)} holds ${isList ? "lists" : kind ?? type}, not texts; name ` +
      "another with --column",
    "DATA",
  );
}

function placeOf(
  file: string,
  group: number,
  data: ColumnMetaData | undefined,
): Pick<Chunk, "offset" | "size"> {
  const { data_page_offset, dictionary_page_offset, total_compressed_size } = data ?? {};
  const offset = Number(dictionary_page_offset || data_page_offset);
  const size = Number(total_compressed_size);
  if (offset > 0 && size >= 0) return { offset: Math.min(offset, Number(data_page_offset)), size };
  throw new DataError(
    `${file}: row group ${group} does not say where its column is; get it anew, or skip it with ` +
      "--skip-bad",
  );
}

function checkCodec(file: string, codec: string): void {
  if (isKnownCodec(codec)) return;
  throw new UserError(
    `${file} is packed with ${codec}; write it anew with zstd, snappy, gzip or brotli`,
    "DATA",
  );
}
