import { assertEquals } from "@std/assert";
import { PRESETS } from "../../src/model/config.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { smallerModels } from "../../src/train/smaller_model.ts";
import { ODD } from "../model/helpers.ts";

const options = {
  ...{ batch: 4, accumulate: 2 },
  optimizer: (target: ConstructorParameters<typeof Sgd>[0]) => new Sgd(target, { learningRate: 1 }),
};

Deno.test("smallerModels: a small one itself, then one block and one sequence of it", () => {
  const whole = { config: ODD, options };
  const [first, ...rest] = smallerModels(whole);
  assertEquals(first === whole, true);
  const one = { ...ODD, layers: 1 };
  assertEquals(rest[0], { config: one, options: { ...options, accumulate: 1 } });
  assertEquals(rest.at(-1), { config: one, options: { ...options, accumulate: 1, batch: 1 } });
});

Deno.test("smallerModels: of a large one ever smaller parts, heads as wide as its own", () => {
  const config = { ...PRESETS["gpt2-xl"], vocabularySize: 50_257, bias: true, affine: true };
  const models = smallerModels({ config, options });
  assertEquals(
    models.map(({ config: { layers, heads, width, context, vocabularySize }, options }) =>
      [layers, options.batch, vocabularySize, context, heads, width].join(" ")
    ),
    [
      "1 4 50257 1024 25 1600",
      "1 1 50257 1024 25 1600",
      "1 1 4096 1024 25 1600",
      "1 1 4096 256 25 1600",
      "1 1 4096 256 12 768",
      "1 1 4096 256 6 384",
      "1 1 4096 256 3 192",
    ],
  );
  const odd = { ...config, width: 900, heads: 12 };
  assertEquals(smallerModels({ config: odd, options }).at(-1)!.config.width, 900);
});
