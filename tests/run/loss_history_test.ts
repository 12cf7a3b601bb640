import { assert, assertEquals } from "@std/assert";
import type { LossPoint } from "../../src/run/chart.ts";
import { LossHistory } from "../../src/run/loss_history.ts";

/** The points of a run that evaluates at every tenth step. */
function pointsOf(steps: number): { training: number[]; validation: number[] } {
  const history = new LossHistory();
  for (let step = 1; step <= steps; step++) {
    history.add({ step, loss: -step, val_loss: step % 10 === 0 ? step : undefined });
  }
  const isTraining = ({ val_loss }: LossPoint) => val_loss === undefined;
  const { points } = history;
  const [training, validation] = [points.filter(isTraining), points.filter((p) => !isTraining(p))];
  for (const { step, loss } of training) assertEquals(loss, -step);
  for (const { step, val_loss } of validation) assertEquals(val_loss, step);
  const steps_ = (points: LossPoint[]) => points.map(({ step }) => step);
  return { training: steps_(training), validation: steps_(validation) };
}

Deno.test("a short history is whole", () => {
  assertEquals(pointsOf(0), { training: [], validation: [] });
  assertEquals(pointsOf(12).validation, [10]);
  assertEquals(pointsOf(4096).training, Array.from({ length: 4096 }, (_, i) => i + 1));
});

Deno.test("a long history is thinned evenly, but for its end", () => {
  for (const steps of [4097, 8193, 100_000, 500_000]) {
    const { training, validation } = pointsOf(steps);
    for (const kept of [training, validation]) {
      assert(kept.length <= 4097, `${kept.length} points`);
      const gaps = kept.slice(1, -1).map((step, i) => step - kept[i]);
      assertEquals(new Set(gaps).size, 1);
    }
    assert(training.length > 2000);
    assertEquals([training[0], training.at(-1)], [1, steps]);
    assertEquals([validation[0], validation.at(-1)], [10, steps - steps % 10]);
  }
});
