/** Where an axis begins and ends, and the distance of its labels. */
export interface RoundRange {
  min: number;
  max: number;
  interval: number;
}

/** The shortest range with some `steps` round steps, of 1, 2 or 5 times a power of ten, that holds both. */
export function roundRange(low: number, high: number, steps = 5): RoundRange {
  const interval = roundStep((high - low || 1) / steps);
  return {
    min: round(Math.floor(low / interval) * interval),
    max: round(Math.ceil(high / interval) * interval),
    interval,
  };
}

/** The next 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return round(power * ([1, 2, 5].find((factor) => factor * power >= step) ?? 10));
}

/** Without the last digits' rounding error, which would show in the labels. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}
