import { assertEquals } from "@std/assert";
import { roughTime } from "../../src/cli/rough_time.ts";

Deno.test("roughTime: two digits in a unit that suits", () => {
  const day = 86_400;
  const cases: [seconds: number, text: string][] = [
    [0.00123, "0.0012 s"],
    [0.614, "0.61 s"],
    [60, "60 s"],
    [100, "1.7 minutes"],
    [2 * 3600, "2 hours"],
    [47.9 * 3600, "48 hours"],
    [12.3 * day, "12 days"],
    [400 * day, "400 days"],
    [3 * 365.25 * day, "3 years"],
    [123_456 * 365.25 * day, "120,000 years"],
  ];
  for (const [seconds, text] of cases) assertEquals(roughTime(seconds), text);
});
