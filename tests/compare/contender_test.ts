import { assertEquals } from "@std/assert";
import {
  adamwGrids,
  familyOf,
  isAdamW,
  nameOf,
  tuned,
  USUAL_ADAMW,
} from "../../src/compare/contender.ts";
import { AMUSE, MUON, SCHEDULE_FREE_PLUS, SF_MUON, SGD } from "../../src/compare/presets.ts";

Deno.test("each form of AdamW has a grid, in which what is usual is not said", () => {
  const rates = [0.1, 0.3];
  assertEquals(adamwGrids(USUAL_ADAMW, rates), [{ optimizer: "adamw", learningRates: rates }]);
  const forms = adamwGrids({
    ...{ beta2: [0.95, 0.999], weightDecay: [0.1, 0], decay: ["cosine", "linear"] },
  }, rates).map((grid) => tuned(grid, 0.1));
  assertEquals(forms.map(familyOf), [
    ...["AdamW", "AdamW, beta2 0.999", "AdamW, weight decay 0"],
    ...["AdamW, beta2 0.999, weight decay 0", "AdamW, linear to 0"],
    ...["AdamW, linear to 0, beta2 0.999", "AdamW, linear to 0, weight decay 0"],
    "AdamW, linear to 0, beta2 0.999, weight decay 0",
  ]);
  assertEquals(forms.every(isAdamW), true);
  const planned = adamwGrids({ ...USUAL_ADAMW, horizon: [400, 1600] }, rates);
  assertEquals(planned.map((grid) => familyOf(tuned(grid, 0.1))), [
    ...["AdamW, planned for 400 steps", "AdamW, planned for 1600 steps"],
  ]);
  assertEquals([MUON, SF_MUON, AMUSE, SGD].map((grid) => nameOf(tuned(grid, 0.1))), [
    ...["Muon, linear to 0, lr 0.1", "Schedule-free Muon, lr 0.1", "AMUSE, lr 0.1", "SGD, lr 0.1"],
  ]);
  assertEquals(SCHEDULE_FREE_PLUS.map((grid) => nameOf(tuned(grid, 1))), [
    ...["ScheduleFree+", "ScheduleFree+, weight decay 20"],
  ]);
});
