import { assertEquals } from "@std/assert";
import { agdWith } from "../../src/compare/contender.ts";
import { finalLoss, lowestLoss, tokensToReach } from "../../src/compare/record.ts";
import { recordOf } from "./helpers.ts";

Deno.test("the tokens to a loss are interpolated between the evaluations", () => {
  const { curve } = recordOf(agdWith(), [8, 6, 5, 7, 3]);
  assertEquals(tokensToReach(curve, 8), 100);
  assertEquals(tokensToReach(curve, 9), 100); // at the first evaluation or before
  assertEquals(tokensToReach(curve, 7), 150);
  assertEquals(tokensToReach(curve, 6), 200);
  assertEquals(tokensToReach(curve, 5), 300);
  assertEquals(tokensToReach(curve, 4), 475); // up from 5, then down from 7 to 3
  assertEquals(tokensToReach(curve, 2), undefined);
  assertEquals(tokensToReach([], 2), undefined);
});

Deno.test("a run that diverged ends with an infinite loss, whatever it was before", () => {
  assertEquals(finalLoss(recordOf(agdWith(), [8, 5, 6])), 6);
  assertEquals(lowestLoss(recordOf(agdWith(), [8, 5, 6])), 5);
  const diverged = recordOf(agdWith(), [8, 5], { diverged: "the loss is NaN" });
  assertEquals([finalLoss(diverged), lowestLoss(diverged)], [Infinity, 5]);
  assertEquals(lowestLoss(recordOf(agdWith(), [])), Infinity);
});
