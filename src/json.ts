/** Whether a value that was parsed from JSON is an object: no list, and not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The number of objects and lists in a JSON text: known before it is parsed, which takes some 50
 * bytes of memory for each.
 */
export function countNested(json: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      while (++at < json.length && json[at] !== QUOTE) if (json[at] === BACKSLASH) at++;
    } else if (byte === BRACKET || byte === BRACE) count++;
  }
  return count;
}

const [QUOTE, BACKSLASH, BRACKET, BRACE] = new TextEncoder().encode('"\\[{');
