import { assertEquals, assertThrows } from "@std/assert";
import { parseAgdVariant } from "../../src/cli/agd_variant.ts";
import { UsageError } from "../../src/errors.ts";
import { agdSettings } from "../../src/optim/agd/options.ts";

Deno.test("a variant of AGD is read from text", () => {
  assertEquals(parseAgdVariant("momentum=0.95, nesterov=false"), {
    ...{ momentum: 0.95, nesterov: false },
  });
  assertEquals(parseAgdVariant("norm=frobenius,vectors=none,averaging=false"), {
    ...{ norm: "frobenius", vectors: "none", averaging: false },
  });
  assertEquals(parseAgdVariant("growth=15,rowHistory=16,averaging=4"), {
    ...{ growth: 15, rowHistory: 16, averaging: 4 },
  });
  // Every setting can be given.
  const text = Object.entries(agdSettings({}))
    .map(([name, value]) => `${name}=${value}`);
  assertEquals(parseAgdVariant(text.join(",")), agdSettings({}));
});

Deno.test("a wrong setting of AGD is told of", () => {
  const cases = {
    "speed=3": "there is no setting 'speed', but norm, vectors, embeddings, growth, nesterov, ",
    "": "there is no setting '', but ",
    "momentum": "momentum must be a number, not ''",
    "momentum=0.9+0.5": "momentum must be a number, not '0.9+0.5'",
    "ramp=false": "there is no setting 'ramp', but norm, ",
    "norm=own": "norm must be spectral or frobenius, not own",
    "averaging=yes": "averaging must be true or false, not yes",
    "momentum=0,nesterov=true": "nesterov looks ahead along a momentum, which is 0: give one",
  };
  for (const [text, message] of Object.entries(cases)) {
    assertThrows(() => parseAgdVariant(text), UsageError, `--agd: ${message}`);
  }
});
