import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { UserError } from "../../../src/errors.ts";
import {
  expandVocabulary,
  type Head,
  logitBounds,
  MARGIN,
} from "../../../src/checkpoint/formats/expand_vocabulary.ts";
import { Random } from "../../../src/random.ts";
import { randomArray } from "../../reference/random.ts";

const C = 24;
const TOKENS = Uint32Array.from([...Array(256).keys(), 1000, 7777, 50_000, 50_256]);
const random = new Random(5);
const values = (n: number, scale: number) => Float32Array.from(randomArray(random, n, scale));
const WTE = values(TOKENS.length * C, 0.7);
const GAIN = values(C, 0.3).map((value) => 1 + value);

const HEADS: Record<string, Head> = {
  "gains and biases": { wte: WTE, gain: GAIN, bias: values(C, 0.1) },
  "gains, no biases": { wte: WTE, gain: GAIN, bias: new Float32Array(C) },
  "negative gains": { wte: WTE, gain: GAIN.map((g, i) => i % 3 ? g : -g), bias: values(C, 0.1) },
  "neither": { wte: WTE, gain: new Float32Array(C).fill(1), bias: new Float32Array(C) },
};

/** What a layer norm gives, before its gain and bias: mean 0, length √C. */
function normalised(x: Float32Array): Float64Array {
  const mean = x.reduce((sum, value) => sum + value, 0) / C;
  const centred = Float64Array.from(x, (value) => value - mean);
  const deviation = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0) / C);
  return centred.map((value) => value / deviation);
}

/** The logits of some rows of a head. */
function logits({ wte, gain, bias }: Head, n: Float64Array, rows: Iterable<number>): number[] {
  return Array.from(rows, (row) => {
    let sum = 0;
    for (let i = 0; i < C; i++) sum += wte[row * C + i] * (gain[i] * n[i] + bias[i]);
    return sum;
  });
}

for (const dtype of ["F32", "F16"] as const) {
  for (const [name, head] of Object.entries(HEADS)) {
    Deno.test(`full vocabulary: unseen tokens never come out: ${name}, ${dtype}`, () => {
      const expanded = expandVocabulary(head, TOKENS, dtype);
      const unseen = 300;
      // Random activations, and the worst there are for the unseen row and for known ones.
      const row = (head: Head, token: number) => head.wte.subarray(token * C, (token + 1) * C);
      const worst = [unseen, ...TOKENS.slice(0, 40)].flatMap((token) => {
        const scaled = row(expanded, token).map((value, i) => value * expanded.gain[i]);
        return [scaled, scaled.map((value) => -value)];
      });
      const rounding = dtype === "F32" ? 1e-4 : 0.05;
      for (const x of [...worst, ...Array.from({ length: 50 }, () => values(C, 1))]) {
        const n = normalised(x);
        if (!n.every(Number.isFinite)) continue; // a constant row has no direction
        const known = logits(expanded, n, TOKENS);
        const before = logits(head, n, TOKENS.keys());
        const changes = known.map((logit, i) => Math.abs(logit - before[i]));
        assertLess(Math.max(...changes), expanded.shift + rounding);
        const [logit] = logits(expanded, n, [unseen]);
        assertLess(logit, Math.min(...known) - MARGIN + 1e-4);
      }
      assertEquals(row(expanded, unseen), row(expanded, 49_999), "unseen rows are all the same");
      assertEquals(expanded.wte.length, 50_257 * C);
      if (name !== "gains, no biases") assertEquals(expanded.shift, 0);
      else assert(expanded.shift > 0 && expanded.shift < (dtype === "F32" ? 0.01 : 0.3));
      if (dtype === "F16") {
        for (const stored of [expanded.wte, expanded.gain, expanded.bias]) {
          assertEquals(Float32Array.from(new Float16Array(stored)), stored, "no more is rounded");
        }
      }
    });
  }
}

Deno.test("full vocabulary: rows of unseen tokens are as short as they may be, shorter for 16 bits", () => {
  const unseen = 300;
  const lengths = (["F32", "F16"] as const).map((dtype) => {
    const { wte, gain, bias } = expandVocabulary(HEADS["gains, no biases"], TOKENS, dtype);
    const row = wte.subarray(unseen * C, (unseen + 1) * C);
    const bounds = TOKENS.values().map((token) =>
      logitBounds(wte.subarray(token * C, (token + 1) * C), gain, bias)
    );
    const lowest = Math.min(...bounds.map(({ constant, varying }) => constant - varying));
    // What is shorter by a twentieth does not keep the promise.
    const shorter = logitBounds(row.map((value) => value * 0.95), gain, bias);
    assertGreater(shorter.constant + shorter.varying, lowest - MARGIN);
    return Math.hypot(...row);
  });
  assertGreater(lengths[0], 20 * lengths[1]);
});

Deno.test("full vocabulary: without gains, embeddings change by a constant a row only", () => {
  const { wte } = expandVocabulary(HEADS.neither, TOKENS, "F32");
  TOKENS.forEach((token, id) => {
    const differences = Array.from({ length: C }, (_, i) => WTE[id * C + i] - wte[token * C + i]);
    const spread = Math.max(...differences) - Math.min(...differences);
    assertLess(spread, 1e-6);
  });
});

Deno.test("full vocabulary: the bounds of a logit are reached, and not passed", () => {
  const { wte, gain, bias } = HEADS["gains and biases"];
  const row = wte.subarray(0, C);
  const { constant, varying } = logitBounds(row, gain, bias);
  const extreme = normalised(row.map((value, i) => value * gain[i]));
  const [highest] = logits({ wte, gain, bias }, extreme, [0]);
  assertLess(Math.abs(highest - constant - varying), 1e-5);
  for (let i = 0; i < 20; i++) {
    const [logit] = logits({ wte, gain, bias }, normalised(values(C, 1)), [0]);
    assertGreater(varying, Math.abs(logit - constant));
  }
});

Deno.test("full vocabulary: gains for which it cannot be done are refused", () => {
  const gain = GAIN.slice();
  gain[3] = 0;
  const error = assertThrows(
    () => expandVocabulary({ wte: WTE, gain, bias: new Float32Array(C) }, TOKENS, "F16"),
    UserError,
  );
  assertEquals(error.message.startsWith("the gains of ln_f are too small or uneven"), true);
});
