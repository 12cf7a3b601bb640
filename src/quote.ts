/** The most characters that are printed. */
const LENGTH = 80;

/** A value that was read from a file, as JSON on one line, short enough to print. */
export function quote(value: unknown): string {
  const text = Array.isArray(value)
    ? `[${value.slice(0, LENGTH).map(single).join()}]`
    : single(value);
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text;
}

/** Without what is nested, however deeply, and no more of a string than is printed. */
function single(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, LENGTH + 1));
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  return JSON.stringify(value) ?? "nothing";
}
