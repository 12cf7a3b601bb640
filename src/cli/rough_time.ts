/** Seconds of a unit, and up to how many seconds it is used. */
const UNITS = [
  ["s", 1, 90],
  ["minutes", 60, 90 * 60],
  ["hours", 3600, 48 * 3600],
  ["days", 86_400, 2 * 365.25 * 86_400],
  ["years", 365.25 * 86_400, Infinity],
] as const;

/** A time to two digits, in the unit that suits it: `0.61 s`, `4.3 hours`, `12 days`, `310 years`. */
export function roughTime(seconds: number): string {
  const [name, unit] = UNITS.find(([_name, _unit, most]) => seconds < most)!;
  const digits = { maximumSignificantDigits: 2 };
  return `${(seconds / unit).toLocaleString("en", digits)} ${name}`;
}
