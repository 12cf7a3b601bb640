import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { checkConfig, FULL_VOCABULARY_SIZE, PRESETS } from "../../src/model/config.ts";
import { ODD } from "./helpers.ts";

Deno.test("checkConfig accepts every preset", () => {
  for (const preset of Object.values(PRESETS)) {
    const rest = { vocabularySize: FULL_VOCABULARY_SIZE, bias: false, affine: true };
    checkConfig({ ...preset, ...rest });
  }
});

Deno.test("checkConfig names the size that is no positive integer", () => {
  for (const key of ["layers", "heads", "width", "context", "vocabularySize"] as const) {
    for (const value of [0, -1, 1.5, NaN, Infinity]) {
      const { message } = assertThrows(() => checkConfig({ ...ODD, [key]: value }), UsageError);
      assertEquals(message, `${key} must be a positive integer, not ${value}`);
    }
  }
});

Deno.test("checkConfig names heads that do not divide the width", () => {
  const { message } = assertThrows(() => checkConfig({ ...ODD, heads: 4 }), UsageError);
  assertEquals(
    message,
    "4 heads do not divide a width of 6: choose a width that is a multiple of the number of heads",
  );
});

Deno.test("checkConfig names sizes beyond what is possible", () => {
  const { message } = assertThrows(() => checkConfig({ ...ODD, layers: 3000 }), UsageError);
  assertEquals(message, "layers must be at most 1000, not 3000");
  assertThrows(() => checkConfig({ ...ODD, width: 1e6 }), UsageError, "at most 131072");
});
