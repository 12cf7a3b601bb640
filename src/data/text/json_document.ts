import { isObject } from "../../json.ts";
import { decodeUtf8, firstInvalid, withoutMark } from "./utf8.ts";

/** What a line says. */
export interface ParsedDocument {
  /** Not empty, and well-formed. */
  text: string;
  /** From `meta.lang`. */
  lang?: string;
}

/**
 * Parses a line of JSON: a string, or an object whose `text` is a string or a list of paragraphs.
 *
 * @param isFirst Whether it begins a file, and may have a byte-order mark.
 * @returns undefined for a blank line or an empty document; an error that says what is wrong with
 * what is neither.
 */
export function parseDocument(
  line: Uint8Array,
  isFirst: boolean,
): ParsedDocument | Error | undefined {
  const decoded = decodeUtf8(line);
  if (decoded === undefined) {
    return new Error(`not UTF-8 text at byte ${firstInvalid(line)} of the line`);
  }
  const json = isFirst ? withoutMark(decoded) : decoded;
  if (json.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return new Error(
      json.includes("\0") ? "NUL bytes, as where a file was not written to its end" : "not JSON",
    );
  }
  if (typeof value === "string") return fromText(value);
  if (!isObject(value) || !("text" in value)) return new Error('no "text"');
  const text = plainText(value.text);
  if (text === undefined) return new Error('"text" is neither a string nor a list of strings');
  return fromText(text, language(value.meta));
}

function fromText(text: string, lang?: string): ParsedDocument | undefined {
  if (text === "") return undefined;
  const wellFormed = text.toWellFormed();
  return lang === undefined ? { text: wellFormed } : { text: wellFormed, lang };
}

function plainText(text: unknown): string | undefined {
  if (typeof text === "string") return text;
  const isList = Array.isArray(text) && text.every((paragraph) => typeof paragraph === "string");
  return isList ? text.join("\n\n") : undefined;
}

function language(meta: unknown): string | undefined {
  return isObject(meta) && typeof meta.lang === "string" ? meta.lang : undefined;
}
