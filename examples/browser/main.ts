/// <reference lib="dom" />
/** The page: opens a model, samples from it, and trains it further on pasted text. */
import {
  Agd,
  type CheckpointFiles,
  generate,
  type Gpt2,
  Gpu,
  openCheckpoint,
  textBatches,
  Trainer,
} from "../../src/browser/mod.ts";

const HUB = "https://huggingface.co";

const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const value = (id: string) => element<HTMLInputElement | HTMLTextAreaElement>(id).value;
const show = (id: string, text: string) => element(id).textContent = text;

let gpu: Gpu | undefined;
let model: Gpt2 | undefined;
let trainer: Trainer | undefined;

/** Runs what a control asks for, alone, and shows why it failed if it did. */
async function run(work: () => Promise<void>): Promise<void> {
  const controls = [...document.querySelectorAll("fieldset")];
  for (const control of controls) control.disabled = true;
  try {
    await work();
  } catch (error) {
    show("status", `error: ${error instanceof Error ? error.message : error}`);
  }
  const [opening, ...using] = controls;
  opening.disabled = false;
  for (const control of using) control.disabled = model === undefined;
}

async function open(files: CheckpointFiles): Promise<void> {
  show("status", "Opening …");
  gpu ??= await Gpu.open();
  trainer?.[Symbol.dispose]();
  model?.[Symbol.dispose]();
  trainer = model = undefined;
  model = await openCheckpoint(gpu, files);
  const { layers, heads, width, context, vocabularySize } = model.config;
  show(
    "status",
    `layers ${layers}, heads ${heads}, width ${width}, context ${context}, vocabulary ` +
      `${vocabularySize}, on ${gpu.adapterName}`,
  );
}

function chosen(list: FileList): CheckpointFiles {
  return (name) => Promise.resolve([...list].find((file) => file.name === name));
}

function ofHub(name: string): CheckpointFiles {
  return async (file) => {
    const response = await fetch(`${HUB}/${name}/resolve/main/${file}`);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${name}: the hub answers ${response.status}`);
    return await response.blob();
  };
}

async function sample(): Promise<void> {
  const options = {
    prompt: value("prompt"),
    temperature: Number(value("temperature")),
    maxTokens: Number(value("tokens")),
    weights: trainer?.optimizer.evaluationWeights,
  };
  show("text", options.prompt);
  for await (const piece of generate(model!, options)) element("text").append(piece);
}

async function train(): Promise<void> {
  const batch = Number(value("batch"));
  trainer?.[Symbol.dispose]();
  trainer = new Trainer(model!, { batch, optimizer: (target) => new Agd(target) });
  show("losses", "");
  let step = 0;
  for (
    const next of textBatches(model!, value("corpus"), { batch, steps: Number(value("steps")) })
  ) {
    const { loss } = await trainer.step(next);
    element("losses").append(`step ${++step}  loss ${loss.toFixed(6)}\n`);
  }
}

const onSubmit = (id: string, work: () => Promise<void>) => {
  element(id).addEventListener("submit", (event) => {
    event.preventDefault();
    run(work);
  });
};
const directory = element<HTMLInputElement>("directory");
directory.addEventListener("change", () => run(() => open(chosen(directory.files!))));
onSubmit("hub", () => open(ofHub(value("name"))));
onSubmit("sample", sample);
onSubmit("train", train);
