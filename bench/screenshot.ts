import { type Browser, chromium } from "playwright-core";
import { runsRoot, serveDashboard } from "../src/dashboard/serve.ts";

/** Where Debian's Chromium is. */
export const CHROMIUM = "/usr/bin/chromium";

/**
 * Starts Chromium without a window; it keeps its profile in a directory of its own.
 *
 * @param webgpu Whether it is to have WebGPU, by its software driver.
 */
export function openBrowser({ webgpu = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...["--headless", "--no-sandbox", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ...webgpu
        ? ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
        : ["--disable-gpu"],
    ],
  });
}

/**
 * Writes a picture of the dashboard on runs, in the light theme.
 *
 * @throws {UserError} If there is no such directory.
 */
export async function screenshot(runs: string, path: string): Promise<void> {
  await using served = serveDashboard({ roots: [await runsRoot(runs)], port: 0 });
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    await page.goto(served.address);
    await page.waitForSelector("figure .item");
    await page.waitForTimeout(1000); // all curves come within a tick
    await page.screenshot({ path });
  } finally {
    await browser.close();
  }
}
