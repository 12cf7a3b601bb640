import { Gpt2 } from "../../src/model/gpt2.ts";
import { parameterCount } from "../../src/model/parameters.ts";
import { Sgd } from "../../src/optim/sgd.ts";
import { Random } from "../../src/random.ts";
import type { Batch } from "../../src/tokens/batch.ts";
import { Trainer } from "../../src/train/trainer.ts";
import type { TrainerOptions } from "../../src/train/trainer_options.ts";
import { modelFlops } from "../formulas.ts";
import type { Machine } from "../machine.ts";
import type { Result } from "../result.ts";
import { describe, type Shape, tokensOf, vocabularyOf } from "../shapes.ts";
import { alternate, type AlternateOptions, checkAgree, type Run, sideBySide } from "./alternate.ts";
import type { Jax, JaxTree } from "./jax.ts";
import { jaxGpt, jaxStep } from "./jax_gpt.ts";

/** Step size of both. */
export const LEARNING_RATE = 0.1;

/** Steps whose losses must agree: those after the first tell of the gradients too. */
const CHECKED = 3;

/** A model that learns the same batch over and over. */
export interface Learner extends Disposable {
  run: Run;
  /** A step; the loss before it. */
  step(): Promise<number>;
}

/** How a peer's model is made of ours, before ours has learnt anything. */
export type PeerLearner = (model: Gpt2, batch: Batch, sequences: number) => Promise<Learner>;

/**
 * Measures a step of training of GPT-2, by plain gradient descent, with ours and with a peer.
 *
 * @throws {UserError} If it does not fit, or the losses of the two differ.
 */
export async function benchStep(
  machine: Machine,
  peer: readonly [string, PeerLearner],
  shape: Shape,
  options: AlternateOptions,
): Promise<Result> {
  const { gpu } = machine;
  const { config } = shape;
  const vocabulary = vocabularyOf(config.vocabularySize);
  const name = `${peer[0]}: step, ${describe(shape)}`;
  using model = await Gpt2.create(gpu, config, { vocabulary, initialisation: "normal", seed: 1 });
  const training: TrainerOptions = {
    batch: shape.batch,
    optimizer: (target) => new Sgd(target, { learningRate: LEARNING_RATE, momentum: 0 }),
  };
  await machine.prepare(() => new Trainer(model, training));
  const random = new Random(1);
  const tokens = Uint32Array.from(
    { length: tokensOf(shape) + 1 },
    () => random.below(config.vocabularySize),
  );
  const batch = { inputs: tokens.slice(0, -1), targets: tokens.slice(1) };
  using theirs = await peer[1](model, batch, shape.batch);
  using ours = ourLearner(new Trainer(model, training), batch);
  for (let step = 0; step < CHECKED; step++) {
    checkAgree(`${name}: loss of step ${step + 1}`, [await ours.step()], [await theirs.step()]);
  }
  const costs = await alternate(ours.run, theirs.run, options);
  const flops = modelFlops(parameterCount(config), tokensOf(shape));
  return sideBySide(name, flops, costs, gpu.isSoftware);
}

function ourLearner(trainer: Trainer, batch: Batch): Learner {
  return {
    async run(times) {
      let last: Promise<unknown> | undefined;
      for (let i = 0; i < times; i++) {
        const step = trainer.step(batch);
        await last; // as training does
        last = step;
      }
      await last;
    },
    step: async () => (await trainer.step(batch)).loss,
    [Symbol.dispose]: () => trainer[Symbol.dispose](),
  };
}

/** The same model and update with jax-js. */
export function jaxLearner(jax: Jax): PeerLearner {
  return async (model, batch, sequences) => {
    const { numpy } = jax;
    const { config, gpu } = model;
    let weights: JaxTree = {};
    for (const { name, shape } of model.table) {
      weights[name] = numpy.array(await gpu.read(model.weights.get(name)!)).reshape(shape);
    }
    const ids = (tokens: Uint32Array) =>
      numpy.array(Int32Array.from(tokens), { dtype: numpy.int32 })
        .reshape([sequences, config.context]);
    const [inputs, targets] = [ids(batch.inputs), ids(batch.targets)];
    const compiled = jaxStep(jax, jaxGpt(jax, config, sequences), LEARNING_RATE);
    const submit = () => {
      const [loss, updated] = compiled(weights, inputs.ref, targets.ref); // frees the old weights
      weights = updated;
      return loss;
    };
    return {
      async run(times) {
        let last: Promise<void> | undefined;
        for (let i = 0; i < times; i++) {
          const step = jax.blockUntilReady(submit()).then((loss) => loss.dispose());
          await last;
          last = step;
        }
        await last;
        await jax.blockUntilReady(weights);
      },
      step: async () => (await submit().data())[0],
      [Symbol.dispose]() {
        for (const array of [...Object.values(weights), inputs, targets]) array.dispose();
      },
    };
  };
}
