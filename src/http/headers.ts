/** The size of the body, if the server says. */
export function contentLength(headers: Headers): number | undefined {
  const length = headers.get("content-length") ?? "";
  return /^\d+$/.test(length) ? Number(length) : undefined;
}

/** Where the body begins and the file's size: `bytes 0-99/1234`, `bytes *\/1234`, `bytes 0-99/*`. */
export function contentRange(headers: Headers): { start?: number; total?: number } {
  const match = headers.get("content-range")?.match(/^bytes (?:(\d+)-\d+|\*)\/(?:(\d+)|\*)$/);
  const number = (digits?: string) => digits === undefined ? undefined : Number(digits);
  return { start: number(match?.[1]), total: number(match?.[2]) };
}

/** What the server calls this state of the file: its ETag, or else the date of the last change. */
export function versionOf(headers: Headers): string | undefined {
  return headers.get("etag") ?? headers.get("last-modified") ?? undefined;
}
