import { UsageError } from "../errors.ts";
import type { Initialisation } from "../model/initialise.ts";
import { AdamW } from "../optim/adamw.ts";
import { Agd } from "../optim/agd/agd.ts";
import { settingsOfKind } from "../optim/agd/options.ts";
import type { Optimizer, OptimizerTarget } from "../optim/optimizer.ts";
import { Sgd } from "../optim/sgd.ts";
import type { Arguments } from "./arguments.ts";

/** An optimiser and the initial weights that go with it. */
export interface OptimizerChoice {
  name: string;
  initialisation: Initialisation;
  make: (target: OptimizerTarget) => Optimizer;
}

/**
 * Reads `--optimizer`, `--norm` and `--lr`.
 *
 * @param kind That of the optimiser of a run that is resumed, whose AGD goes on as it began, whatever
 * its defaults are by now.
 * @throws {UsageError} If they do not go together or are out of range.
 */
export function chooseOptimizer(options: Arguments, kind?: string): OptimizerChoice {
  const name = options.choice("optimizer", ["agd", "adamw", "sgd"]) ?? "agd";
  const norm = options.choice("norm", ["spectral", "frobenius"]);
  const learningRate = options.number("lr");
  if (name === "agd") {
    if (learningRate !== undefined) {
      throw new UsageError(
        "--lr is for adamw and sgd: agd derives its step size from the architecture and the gradient",
      );
    }
    const former = kind === undefined ? undefined : settingsOfKind(kind);
    return {
      name: norm === "frobenius" ? "AGD, Frobenius norm" : "AGD",
      initialisation: norm === "frobenius" ? "orthogonal" : "natural",
      make: (target) => new Agd(target, former ?? { norm }),
    };
  }
  if (norm !== undefined) throw new UsageError(`--norm is for agd, not ${name}`);
  if (learningRate !== undefined && learningRate <= 0) {
    throw new UsageError(`--lr must be above 0, not ${learningRate}`);
  }
  return name === "adamw"
    ? {
      name: "AdamW",
      initialisation: "normal",
      make: (target) => new AdamW(target, { learningRate: learningRate ?? 1e-3 }),
    }
    : {
      name: "SGD",
      initialisation: "normal",
      make: (target) => new Sgd(target, { learningRate: learningRate ?? 0.1 }),
    };
}
