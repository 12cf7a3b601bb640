import type { CommandSpec } from "./arguments.ts";
import { COLUMN } from "./column_option.ts";
import { TASK_NAMES } from "../train/tasks/evaluate_task.ts";
import { DEVICE } from "./device.ts";
import { PRESET_NAMES } from "./train_settings.ts";
import { WEIGHT } from "./weight_option.ts";

/** The options of `deno task train`. */
export const TRAIN: CommandSpec = {
  name: "train",
  summary: "Trains a GPT-2 on text. Without options: a tiny one on the sample corpus, in minutes.",
  options: {
    data: {
      value: "PATH",
      help:
        "file, glob, directory or URL of text, hf://datasets/owner/name, - for standard input, or " +
        ".bin files; repeatable (default data/)",
      repeatable: true,
      elsewhere: ["dataset", "input-bin", "i"],
    },
    weight: WEIGHT,
    preset: {
      value: "NAME",
      help: `${PRESET_NAMES.join(", ")} (default tiny)`,
      elsewhere: ["model", "e"],
    },
    layers: { value: "N", help: "transformer blocks", elsewhere: ["n-layer"] },
    heads: {
      value: "N",
      help: "attention heads; must divide the width",
      elsewhere: ["n-head"],
    },
    width: { value: "N", help: "width of the residual stream", elsewhere: ["n-embd"] },
    context: {
      value: "N",
      help: "tokens in a sequence",
      elsewhere: ["block-size", "sequence-length", "t"],
    },
    vocab: {
      value: "KIND",
      help: "full: GPT-2's 50,257 tokens; compact: those that the data uses (default for tiny)",
    },
    "no-bias": { help: "no biases", elsewhere: ["bias"] },
    "no-affine": { help: "no gains and biases in layer norms" },
    optimizer: { value: "NAME", help: "agd, adamw, sgd (default agd)" },
    norm: { value: "NAME", help: "agd: spectral, or frobenius as published (default spectral)" },
    lr: {
      value: "X",
      help: "adamw and sgd: peak learning rate (default 0.001 and 0.1)",
      elsewhere: ["learning-rate", "l"],
    },
    batch: {
      value: "N",
      help: "sequences that go through the model at once (default 8)",
      elsewhere: ["batch-size", "b"],
    },
    accumulate: {
      value: "N",
      help: "batches whose gradients are added up for a step, at no more memory (default 1)",
      elsewhere: ["gradient-accumulation-steps"],
    },
    precision: {
      value: "NAME",
      help: "f32, or f16 to store activations in 16 bits where the adapter can (default f32)",
      elsewhere: ["dtype"],
    },
    recompute: {
      help: "compute activations twice instead of keeping them: less memory, slower",
      elsewhere: ["r"],
    },
    steps: {
      value: "N",
      help: "steps (default 250 for tiny and --init-from, else 20 tokens a parameter)",
      elsewhere: ["max-iters", "max-steps", "num-iterations", "x"],
    },
    tokens: { value: "N", help: "tokens to train on, instead of --steps" },
    minutes: {
      value: "N",
      help: "minutes that it may take (default 3 for tiny on a software driver); at --resume: more",
    },
    hours: { value: "N", help: "the same in hours" },
    seed: { value: "N", help: "same seed, same losses on one adapter (default 0)" },
    out: {
      value: "DIR",
      help: "where to write the run (default runs/ and the time, or what is resumed)",
      elsewhere: ["out-dir", "output-dir", "o"],
    },
    resume: {
      value: "DIR",
      help: "go on with a run, or from one of its checkpoints, with its options but those given",
      elsewhere: ["y"],
    },
    keep: {
      value: "N",
      help: "checkpoints to keep, besides the best one (default 2)",
      elsewhere: ["nk"],
    },
    "eval-every": {
      value: "N",
      help: "steps between evaluations, each of which saves (default 100)",
      elsewhere: ["eval-interval", "val-loss-every", "v", "n"],
    },
    "eval-batches": {
      value: "N",
      help: "validation batches in an evaluation (default 8)",
      elsewhere: ["eval-iters", "val-max-steps", "m"],
    },
    "eval-task": {
      value: "NAME=FILE",
      help: `measure it by ${TASK_NAMES.join(", ")} too, on that file, at each evaluation`,
      repeatable: true,
    },
    "eval-limit": { value: "N", help: "questions of each --eval-task (default: all)" },
    "sample-every": {
      value: "N",
      help: "steps between samples (default: one at the end)",
      elsewhere: ["s"],
    },
    "init-from": {
      value: "DIR",
      help: "start from a checkpoint, or owner/name on the Hugging Face Hub",
    },
    "no-shuffle": { help: "read the data in order" },
    column: COLUMN,
    lang: {
      value: "CODE",
      help: "leave out documents that say to be in another language, e.g. en",
    },
    "min-tokens": { value: "N", help: "leave out documents of fewer tokens" },
    "skip-bad": { help: "count and skip lines that cannot be read, instead of stopping" },
    "no-autotune": { help: "do not measure which kernels are the fastest on this adapter" },
    "dry-run": {
      help: "only print parameters and memory, whether the adapter holds them, and about what time",
    },
    mpi: {
      value: "PATH",
      help: "MPI's library, for processes that mpirun starts (default the one of that mpirun)",
    },
    "sync-every": {
      value: "N",
      help: "steps that each process takes by itself before all exchange theirs (default 1)",
    },
    "network-timeout": {
      value: "N",
      help: "seconds without an answer of another process after which all end (default 300)",
    },
    verbose: { help: "print each step, and of agd the norms of gradients, updates and weights" },
    tensorboard: { help: "write an event file for TensorBoard, and others that read such, too" },
    dashboard: { help: "show the run in a browser as it goes on, at an address that is printed" },
    device: DEVICE,
    quiet: { help: "print only how it ended" },
    json: { help: "print one JSON object a line instead of the display" },
  },
  examples: [
    "",
    "--preset gpt2 --data 'owt2/*.jsonl.zst' --out runs/owt2",
    "--resume runs/owt2",
    "--preset gpt2 --dry-run",
  ],
  absent: {
    "dropout": "there is no dropout: the checkpoint with the lowest validation loss is kept",
    "weight-decay, c": "agd has no weight decay; adamw's is 0.1, of matrices and embeddings",
    "beta1, beta2": "agd has no betas; adamw's are 0.9 and 0.95, and compare tries others",
    "grad-clip": "agd needs no clipping; adamw clips gradients to a global norm of 1",
    "decay-lr, warmup-iters, lr-decay-iters, min-lr, learning-rate-decay-frac, u, k, q":
      "agd has no schedule; adamw and sgd warm up over a tenth of the run, at most 100 steps, and " +
      "end with a cosine at a tenth of --lr",
    "total-batch-size, d": "a step has batch x accumulate x context tokens: see --accumulate",
    "epochs, num-epochs":
      "data is read again and again: --steps, --tokens or --minutes say how long",
    "backend": "the backend is WebGPU's: the task devices lists the adapters, --device chooses one",
    "compile, flash, tensorcores, f, ge":
      "kernels are compiled, and the fastest ones chosen, by themselves",
    "log-interval, lg": "every step is in the run's metrics.jsonl, and --json prints it",
    "wandb-log, wandb-project, wandb-run-name":
      "--dashboard shows the run, and --tensorboard writes files that wandb sync takes",
    "always-save-checkpoint, nm": "each evaluation saves, and --keep says how many remain",
    "eval-only, inference-only": "the tasks eval and sample do that",
    "input-val-bin, j":
      "1 in 20 documents is kept for validation; .bin files for it are given in " +
      "--data too, with val in their names",
    "overfit-single-batch, a": "a --data of a few pages is learnt by heart all the same",
    "g": "a sample has 200 tokens; the task sample has --max-tokens",
    "sl, sg": "a step is skipped where a gradient is not finite or too large, and no other",
    "zero-stage, z, pn, pr, pg, pm, ps, pi":
      "every process holds all of the model: mpirun -n 4 trains on four GPUs",
    "w": "the weights that are trained are always of 32 bits",
  },
};
