/** A whole number with its thousands apart, e.g. `12,345`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** A measurement to so many digits that differences show. */
export function measure(value: number | undefined, digits = 4): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 10_000) return short(value);
  if (size !== 0 && size < 0.001) return value.toExponential(2);
  return size >= 100 ? value.toFixed(1) : value.toFixed(size >= 10 ? digits - 1 : digits);
}

/** A number of any size in a few characters, e.g. `1.5M`. */
export function short(value: number): string {
  const size = Math.abs(value);
  for (const [unit, name, from] of UNITS) {
    if (size >= from) return `${Number((value / unit).toPrecision(3))}${name}`;
  }
  return String(Number(value.toPrecision(4)));
}

/** A unit, its letter, and the numbers that it is used for. */
const UNITS = [[1e12, "T", 1e12], [1e9, "G", 1e9], [1e6, "M", 1e6], [1e3, "k", 1e4]] as const;

/** A number of bytes in a few characters. */
export function bytes(value: number): string {
  return value < 1e4 ? `${value} B` : `${short(value).replace(/(?=[kMGT]$)/, " ")}B`;
}

/** A duration in its two largest units, e.g. `2 h 5 min`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A time as people write it where the page is read. */
export function time(when: string | number | undefined): string {
  if (when === undefined) return "–";
  const date = new Date(when);
  return Number.isNaN(date.getTime()) ? "–" : date.toLocaleString();
}
