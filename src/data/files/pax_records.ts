/**
 * The records of an extended header of a tar archive (POSIX pax): each is its own length in bytes,
 * a space, `key=value` and a line's end. What follows something else is left out.
 */
export function paxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(decoder.decode(bytes.subarray(at, space)));
    const end = at + length;
    if (!(length > space - at + 1 && end <= bytes.length)) break;
    const [, key, value] = decoder.decode(bytes.subarray(space + 1, end - 1))
      .match(/^([^=]+)=(.*)$/s) ?? [];
    if (key !== undefined) records.set(key, value);
    at = end;
  }
  return records;
}
