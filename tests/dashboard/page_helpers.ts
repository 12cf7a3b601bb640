import { assertLess } from "@std/assert";
import type { Locator, Page } from "playwright-core";

/** Steps from one on, as lines of metrics.jsonl. */
export function steps(first: number, last: number, scale = 1): string {
  const lines = Array.from({ length: last - first + 1 }, (_, i) => {
    const step = first + i;
    const loss = scale * (2 + 8 / Math.sqrt(step));
    const some = { step, tokens: 64 * step, loss, seconds: step / 4, tokens_per_second: 256 };
    const norms = { matrices: { gradient: 1, update: 2, weight: 3 } };
    return { ...some, data_wait_ms: 1, eta: 0.5, ...step % 10 ? {} : { val_loss: loss, norms } };
  });
  return lines.map((line) => JSON.stringify(line) + "\n").join("");
}

/** The chart with a title. */
export function chart(page: Page, title: string): Locator {
  return page.locator("figure", { has: page.getByRole("heading", { name: title }) });
}

/** What a chart reads of a run. */
export async function reading(page: Page, title: string, run: string): Promise<string> {
  return await chart(page, title).locator(".readout .item", { hasText: run }).locator("b")
    .innerText();
}

/** The file that a chart's button saves. */
export async function saved(page: Page, figure: Locator, button: "CSV" | "PNG") {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    figure.getByRole("button", { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: await Deno.readFile(await download.path()) };
}

/** The rows of a chart's CSV, without its head. */
export async function savedRows(page: Page, figure: Locator): Promise<string[]> {
  const { bytes } = await saved(page, figure, "CSV");
  return new TextDecoder().decode(bytes).trim().split("\r\n").slice(1);
}

/** Waits until something is so, however slow the machine. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !await condition(); tries++) {
    assertLess(tries, 4000, `waits too long until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
