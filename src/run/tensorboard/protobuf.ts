/** A field of a protobuf message: its number, and its value by the type that it is written as. */
export type Field =
  | { number: number; double: number }
  | { number: number; float: number }
  | { number: number; varint: number }
  | { number: number; bytes: Uint8Array }
  | { number: number; text: string };

/**
 * Writes a message in protobuf's wire format (https://protobuf.dev/programming-guides/encoding/): the
 * few types that event files have.
 */
export function encodeMessage(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const field of fields) {
    if ("varint" in field) bytes.push(...tag(field.number, 0), ...varint(field.varint));
    else if ("double" in field) bytes.push(...tag(field.number, 1), ...float(field.double, 8));
    else if ("float" in field) bytes.push(...tag(field.number, 5), ...float(field.float, 4));
    else {
      const value = "bytes" in field ? field.bytes : new TextEncoder().encode(field.text);
      bytes.push(...tag(field.number, 2), ...varint(value.length));
      for (const byte of value) bytes.push(byte); // a text may be too long to be arguments
    }
  }
  return Uint8Array.from(bytes);
}

/** The key of a field: its number and wire type. */
function tag(number: number, wireType: number): number[] {
  return varint(number * 8 + wireType);
}

/** A whole number that is not negative, 7 bits a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
}

function float(value: number, size: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 8) view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return bytes;
}
