import { format as formatBytes } from "@std/fmt/bytes";
import { formatSeconds, progressLine } from "./progress_bar.ts";
import { ERASE, terminalColumns, writeText } from "./terminal.ts";

/** A line at the bottom of a terminal that shows how much of some data is read. */
export class ReadingBar implements Disposable {
  readonly #start = performance.now();
  #isDrawn = false;

  /**
   * Draws the line anew.
   *
   * @param total The bytes that there are, if known.
   * @param rest What else to show.
   */
  draw(bytes: number, total: number | undefined, rest: string): void {
    const seconds = (performance.now() - this.#start) / 1000;
    writeText(ERASE + readingLine(bytes, total, rest, seconds, terminalColumns() - 1));
    this.#isDrawn = true;
  }

  /** Clears the line for other output. */
  erase(): void {
    if (this.#isDrawn) writeText(ERASE);
    this.#isDrawn = false;
  }

  [Symbol.dispose](): void {
    this.erase();
  }
}

/** What {@linkcode ReadingBar} shows after some seconds; of an unknown total the bar stays empty. */
export function readingLine(
  bytes: number,
  total: number | undefined,
  rest: string,
  seconds: number,
  columns: number,
): string {
  const size = (bytes: number) => formatBytes(bytes, { binary: true });
  const left = total === undefined ? 0 : Math.max(0, total - bytes);
  return progressLine(total ? Math.min(1, bytes / total) : 0, [
    total === undefined ? size(bytes) : `${size(bytes)}/${size(total)}`,
    rest,
    left > 0 && bytes > 0 ? `${formatSeconds(left * seconds / bytes)} left` : "",
    seconds > 0 ? `${size(bytes / seconds)}/s` : "",
  ], columns);
}
