import type { Bucket } from "../series.ts";
import type { View } from "./address.ts";
import type { Point } from "./points.ts";

/** Where a bucket is on an axis. */
export function placeOf([step, tokens, seconds]: Bucket, x: View["x"]): number | null {
  return x === "step" ? step : x === "tokens" ? tokens : seconds;
}

/** The extremes of each bucket: no spike is lost where many steps share a point. */
export function rawPoints(buckets: readonly Bucket[], x: View["x"]): Point[] {
  return buckets.flatMap((bucket): Point[] => {
    const at = placeOf(bucket, x);
    if (at === null) return [];
    const [, , , , least, greatest] = bucket;
    return least === greatest ? [[at, least]] : [[at, least], [at, greatest]];
  });
}

/** An exponential moving average of the means, without the bias of its start (Kingma and Ba 2015). */
export function smoothed(
  buckets: readonly Bucket[],
  { x, smooth }: Pick<View, "x" | "smooth">,
): Point[] {
  const points: Point[] = [];
  let [average, weight] = [0, 0];
  for (const bucket of buckets) {
    average = smooth * average + (1 - smooth) * bucket[3];
    weight = smooth * weight + (1 - smooth);
    const at = placeOf(bucket, x);
    if (at !== null) points.push([at, average / weight]);
  }
  return points;
}
