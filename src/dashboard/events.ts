import type { Library } from "./library.ts";
import { SeriesTeller } from "./series.ts";

/** How often a page is told what is new, and how long a tick waits for a long log, in ms. */
const TICK = 1_000;
const PATIENCE = 300;

/** Of hundreds of runs, on a slow disk, how much longer than looking at them it rests at least. */
const REST = 4;

/**
 * What a page is told as it happens, as server-sent events: `contents`, what there is, whenever that
 * changes; `series`, what is new of the curves of some runs; `removed`, a run that is gone.
 *
 * @param ids The runs whose curves the page shows.
 * @param wait Resolves after so many milliseconds.
 */
export function eventStream(
  library: Library,
  ids: readonly string[],
  wait: (ms: number) => Promise<void> = delay,
): ReadableStream<Uint8Array> {
  const events = tell(library, ids, wait);
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await events.next();
      if (done) controller.close();
      else controller.enqueue(new TextEncoder().encode(value));
    },
    async cancel() {
      await events.return(undefined);
    },
  });
}

async function* tell(
  library: Library,
  ids: readonly string[],
  wait: (ms: number) => Promise<void>,
): AsyncGenerator<string, undefined> {
  const tellers = new Map(ids.map((id) => [id, new SeriesTeller()]));
  let before = "";
  while (true) {
    const began = performance.now();
    const contents = JSON.stringify(await library.look());
    const tick = Math.max(TICK, REST * (performance.now() - began));
    // A comment where nothing is new: a connection that is gone is found out by writing to it.
    yield contents === before ? ":\n\n" : event("contents", contents);
    before = contents;
    let isReading = false;
    for (const [id, teller] of tellers) {
      const curves = library.curves(id);
      if (!curves) continue;
      const done = await Promise.race([
        curves.read().then(() => true),
        wait(PATIENCE).then(() => false),
      ]);
      isReading ||= !done;
      const news = teller.news(curves.series);
      if (news) yield event("series", JSON.stringify({ id, ...news }));
    }
    if (!isReading) await wait(tick);
  }
}

function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
