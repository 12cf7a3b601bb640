import { assertEquals, assertThrows } from "@std/assert";
import { type Constants, specialise } from "../../src/gpu/template.ts";

/** Specialises lines and returns those that are not empty, trimmed. */
function lines(source: string, constants: Constants = {}): string[] {
  return specialise(source, constants).split("\n").map((line) => line.trim()).filter(Boolean);
}

Deno.test("template: text without directives stays as it is", () => {
  const source = "// a comment: for once\nfn main() {}\n";
  assertEquals(specialise(source, {}), source);
});

Deno.test("template: names stand for constants", () => {
  assertEquals(specialise("$A ${A}u x${A}_$B", { A: 4, B: true }), "4 4u x4_true");
  assertThrows(() => specialise("$C", { A: 4 }), Error, "no constant 'C'");
});

Deno.test("template: loops over numbers, letters and words", () => {
  assertEquals(lines("//: for i in 0..3\na$i\n//: end"), ["a0", "a1", "a2"]);
  assertEquals(lines("//: for i in 0..N\na$i\n//: end", { N: 2 }), ["a0", "a1"]);
  assertEquals(lines("//: for c in xyz\na$c\n//: end"), ["ax", "ay", "az"]);
  assertEquals(lines("//: for c in ROWS\na$c\n//: end", { ROWS: "xy" }), ["ax", "ay"]);
  assertEquals(lines("//: for v in qkv,dy\na_$v\n//: end"), ["a_qkv", "a_dy"]);
  assertEquals(lines("before\n//: for i in 0..0\na$i\n//: end\nafter"), ["before", "after"]);
});

Deno.test("template: conditions", () => {
  const source = "//: if VECTOR\nvec4f\n//: else\nf32\n//: end\nafter";
  for (const truthy of [true, 1]) {
    assertEquals(lines(source, { VECTOR: truthy }), ["vec4f", "after"]);
  }
  for (const falsy of [false, 0]) assertEquals(lines(source, { VECTOR: falsy }), ["f32", "after"]);
  assertEquals(lines("//: if A\na\n//: end\nb", { A: false }), ["b"]);
});

Deno.test("template: blocks nest, and know the variables around them", () => {
  const source = `
    //: for i in 0..2
      //: if LAST
        //: for c in xy
          a$i$c
        //: end
      //: else
        b$i
      //: end
    //: end`;
  assertEquals(lines(source, { LAST: true }), ["a0x", "a0y", "a1x", "a1y"]);
  assertEquals(lines(source, { LAST: false }), ["b0", "b1"]);
  // A loop variable is as good as a constant in a condition or a bound.
  assertEquals(lines("//: for i in 0..2\n//: if i\nb$i\n//: end\n//: end"), ["b1"]);
  assertEquals(lines("//: for i in 0..3\n//: for j in 0..i\n$i$j\n//: end\n//: end"), [
    ...["10", "20", "21"],
  ]);
});

Deno.test("template: includes, with constants of their own", () => {
  const includes = {
    sum: "fn sum(x: $T) -> ${T} {}\n//: if A\nyes\n//: end",
    two: "//: include one\nb",
    one: "a",
  };
  const include = (source: string, constants: Constants = {}) =>
    specialise(source, constants, includes).split("\n").filter(Boolean);
  assertEquals(include("x\n//: include sum T=vec2f\ny", { A: true }), [
    ...["x", "fn sum(x: vec2f) -> vec2f {}", "yes", "y"],
  ]);
  assertEquals(include("//: include sum T=${TYPE}", { A: 0, TYPE: "f32" }), [
    "fn sum(x: f32) -> f32 {}",
  ]);
  assertEquals(include("//: include two"), ["a", "b"]);
  assertThrows(() => include("//: include three"), Error, "nothing named 'three'");
  assertThrows(() => include("//: include sum", { A: 1 }), Error, "no constant 'T'");
});

Deno.test("template: mistakes are errors", () => {
  const mistakes: [string, string][] = [
    ["//: for i in 0..2\na", "lacks its '//: end'"],
    ["//: if A\na\n//: else\nb", "lacks its '//: end'"],
    ["a\n//: end", "line 2: '//: end' closes nothing"],
    ["a\n//: else\nb", "line 2: '//: else' closes nothing"],
    [
      "//: for i in 0..2\na\n//: else\nb\n//: end",
      "line 3: this '//: else' belongs to no '//: if'",
    ],
    ["//: if A\na\n//: else\nb\n//: else\nc\n//: end", "line 5: this '//: else' belongs to no"],
    ["//: while A\n//: end", "line 1: unknown directive 'while'"],
    ["//: for i from 0..2\n//: end", "line 1: cannot read '//: for i from 0..2'"],
    ["//: for i in 0..N\n//: end", "no constant 'N'"],
    ["//: for i in 0..A\n//: end", "the bound 'A' is not a number"],
    ["//: for c in ROWS\n//: end", "no constant 'ROWS'"],
    ["//: if UNKNOWN\n//: end", "no constant 'UNKNOWN'"],
  ];
  for (const [source, message] of mistakes) {
    assertThrows(() => specialise(source, { A: true }), Error, message);
  }
});
