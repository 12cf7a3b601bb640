import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where Debian's Chromium is. */
const CHROMIUM = "/usr/bin/chromium";

/** Whether tests that need a browser can be run here. */
export const hasBrowser = existsSync(CHROMIUM);

/** Starts Chromium without a window; it keeps its profile in a directory of its own. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
}
