/** A point of a curve. */
export type Point = [x: number, y: number];

/** How a curve is drawn, where colour tells something else. */
export type Dash = "solid" | "dashed" | "dotted" | "dashdot" | "long";

/** A curve of a chart; its points ascend. */
export interface Line {
  /** Whose it is. */
  label: string;
  /** Which of that one's it is, if there are several. */
  kind?: string;
  colour: string;
  dash?: Dash;
  /** Drawn thin and pale, below another one of the same thing. */
  isFaint?: boolean;
  points: Point[];
}

/** How values or places are drawn. */
export type Scale = "linear" | "log";

/** The points to draw: those in view, one beyond each end, and what a logarithm has. */
export function pointsIn(
  points: Point[],
  zoom: [number, number] | undefined,
  y: Scale,
  xScale: Scale,
): Point[] {
  let shown = points;
  if (zoom) {
    const from = points.findIndex(([x]) => x >= zoom[0]);
    const to = points.findLastIndex(([x]) => x <= zoom[1]);
    shown = from < 0 || to < 0 ? [] : points.slice(Math.max(0, from - 1), to + 2);
  }
  if (y === "linear" && xScale === "linear") return shown;
  return shown.filter(([x, value]) =>
    (y === "linear" || value > 0) && (xScale === "linear" || x > 0)
  );
}

/** The first and last place of lines; undefined if they have no point. */
export function extentOf(
  lines: readonly Line[],
): [number, number] | undefined {
  const ends = lines.flatMap(({ points }) =>
    points.length > 0 ? [points[0][0], points[points.length - 1][0]] : []
  );
  return ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : undefined;
}

/** The point of a line that is nearest to a place; the last one where none is named. */
export function nearest(points: readonly Point[], x: number | undefined): Point | undefined {
  if (x === undefined || points.length === 0) return points.at(-1);
  let [low, high] = [0, points.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= x) low = middle;
    else high = middle;
  }
  return x - points[low][0] <= points[high][0] - x ? points[low] : points[high];
}

/** What a line is at a place: {@linkcode nearest}, but nothing before its start or after its end. */
export function valueAt(points: readonly Point[], x: number | undefined): number | undefined {
  const [at, value] = nearest(points, x) ?? [];
  if (x === undefined || at === undefined || points.length < 2) return value;
  const [first, second] = points;
  const [last, before] = [points[points.length - 1], points[points.length - 2]];
  const isBeyond = first[0] - x > second[0] - first[0] || x - last[0] > last[0] - before[0];
  return isBeyond ? undefined : value;
}
