import { assertEquals } from "@std/assert";
import { bestTrial, edge, nextLearningRate, type Trial } from "../../src/compare/learning_rates.ts";

/** Trials with these losses by learning rate. */
const trials = (losses: Record<number, number>): Trial[] =>
  Object.entries(losses).map(([rate, loss]) => ({ learningRate: Number(rate), loss }));

Deno.test("a grid whose best learning rate is inside of it is not extended", () => {
  const inside = trials({ 0.01: 3, 0.001: 2.5, 0.003: 2 }); // in no order
  assertEquals(bestTrial(inside).learningRate, 0.003);
  assertEquals(edge(inside), undefined);
  assertEquals(nextLearningRate(inside), undefined);
});

Deno.test("a grid is extended by a factor of 3 at the end where the best is", () => {
  assertEquals(nextLearningRate(trials({ 0.001: 3, 0.003: 2.5, 0.01: 2 })), 0.03);
  assertEquals(nextLearningRate(trials({ 0.01: 3, 0.003: 2.5, 0.001: 2 })), 0.00033);
  assertEquals(edge(trials({ 0.01: 3, 0.003: 2.5, 0.001: 2 })), "lower");
  assertEquals(edge(trials({ 0.003: 2, 0.01: Infinity, 0.001: 2.1, 0.03: 1.9 })), "upper");
});

Deno.test("an only learning rate, or a grid that diverges throughout, goes down first", () => {
  assertEquals(nextLearningRate(trials({ 0.3: 2 })), 0.1);
  assertEquals(nextLearningRate(trials({ 0.1: 2.5, 0.3: 2 })), 0.9);
  assertEquals(nextLearningRate(trials({ 1: Infinity, 3: Infinity })), 0.33);
});
