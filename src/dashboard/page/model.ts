/// <reference lib="dom" />
import type { ReadingSummary } from "../model_reader.ts";
import type { RunSummary } from "../summary.ts";
import { el, table } from "./dom.ts";
import { measure, whole } from "./format.ts";
import { styleColour } from "./theme.ts";

/** The loss, in nats, from which a token is as dark as can be. */
const DARKEST = 10;

/** A checkpoint, as the list of them names it. */
interface Chosen {
  id: string;
  step: number;
}

/** What a checkpoint makes of a text of the user's. */
export class ModelView {
  readonly element: HTMLElement;
  readonly #checkpoints = el("select");
  readonly #text = el("textarea", { rows: 4, "aria-label": "Text", maxlength: 4000 });
  readonly #result = el("div", { "aria-live": "polite" });
  /** What the list of checkpoints was made of. */
  #listed = "";
  #reading: (ReadingSummary & { query: URLSearchParams }) | undefined;
  /** What was asked for last. */
  #asked: URLSearchParams | undefined;
  #tokens: HTMLElement[] = [];
  /** The same in numbers. */
  readonly #table = el("div");
  #layer = 0;
  #head = 0;
  /** The token whose attention is shown; undefined for losses. */
  #from: number | undefined;
  #rows: number[][] = [];

  constructor() {
    this.#text.value = "The moon rose over the hill, and the road was quiet.";
    this.element = el(
      "div",
      {},
      el(
        "form",
        { class: "card", onsubmit: (event) => this.#submit(event) },
        el("div", { class: "controls" }, el("label", {}, "Checkpoint", this.#checkpoints)),
        this.#text,
        el("button", { type: "submit" }, "Read"),
      ),
      this.#result,
    );
  }

  /** Offers the checkpoints of these runs. */
  update(runs: readonly RunSummary[]): void {
    const all = runs.flatMap(({ id, name, checkpoints }) =>
      checkpoints.map(({ step }) => ({ id, step, text: `${name}, step ${whole(step)}` })).reverse()
    );
    const listed = JSON.stringify(all);
    if (listed === this.#listed) return;
    this.#listed = listed;
    const chosen = this.#checkpoints.value;
    this.#checkpoints.replaceChildren(...all.map(({ id, step, text }) => {
      const value = JSON.stringify({ id, step });
      return el("option", { value, selected: value === chosen }, text);
    }));
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.#checkpoints.value === "") return this.#say("No checkpoint yet.");
    const { id, step }: Chosen = JSON.parse(this.#checkpoints.value);
    const query = new URLSearchParams({ id, step: String(step), text: this.#text.value });
    this.#say("Reads… the first text takes as long as a model takes to open.");
    this.#asked = query;
    const response = await fetch(`reading?${query}`);
    const answer = await (response.ok ? response.json() : response.text());
    if (query !== this.#asked) return; // another text was given since
    if (!response.ok) return this.#say(answer);
    this.#reading = { ...answer, query };
    [this.#layer, this.#head, this.#from] = [0, 0, undefined];
    this.#show();
  }

  #say(text: string): void {
    this.#result.replaceChildren(el("p", { class: "card" }, text));
  }

  #show(): void {
    const { tokens, left, next, layers, heads, adapter } = this.#reading!;
    this.#tokens = tokens.map(({ text }, i) =>
      el("button", { type: "button", class: "token", onclick: () => this.#choose(i) }, text)
    );
    const mean = tokens.reduce((sum, { loss }) => sum + loss, 0) / tokens.length;
    const found = tokens.length > 0 ? `, mean ${measure(mean)} nats` : ": there is none";
    const cut = `The first ${whole(tokens.length)} tokens of ${whole(tokens.length + left)}. `;
    const pick = (label: string, count: number, onPick: (value: number) => void) =>
      el(
        "label",
        {},
        label,
        el("select", {
          onchange: (event) => onPick(Number((event.target as HTMLSelectElement).value)),
        }, ...Array.from({ length: count }, (_, i) => el("option", { value: i }, String(i + 1)))),
      );
    this.#result.replaceChildren(
      el(
        "section",
        { class: "card" },
        el("h2", {}, `Loss of each token${found}, on ${adapter}`),
        el(
          "p",
          {},
          left > 0 ? cut : "",
          "The stronger the colour, the less it was expected. Choose a token to see what it attends to.",
        ),
        el("div", { class: "tokens" }, ...this.#tokens),
        el(
          "div",
          { class: "controls" },
          "Attention",
          pick("Layer", layers, (layer) => this.#attend({ layer })),
          pick("Head", heads, (head) => this.#attend({ head })),
        ),
        el("details", {}, el("summary", {}, "Table"), this.#table),
      ),
      el(
        "section",
        { class: "card" },
        el("h2", {}, "Next token"),
        table(
          ["token", "probability"],
          next.map(({ text, probability }) => [
            JSON.stringify(text),
            `${(100 * probability).toFixed(1)}%`,
          ]),
          { caption: "Next token" },
        ),
      ),
    );
    this.#shade();
  }

  /** Shows what a token attends to, or the losses again. */
  #choose(token: number): void {
    this.#from = token === this.#from ? undefined : token;
    void this.#attend({});
  }

  async #attend({ layer = this.#layer, head = this.#head }): Promise<void> {
    [this.#layer, this.#head] = [layer, head];
    const reading = this.#reading!;
    const place = { layer: String(layer), head: String(head) };
    const query = new URLSearchParams([...reading.query, ...Object.entries(place)]);
    const response = await fetch(`attention?${query}`);
    const rows = response.ok ? await response.json() : undefined;
    if (rows === undefined || reading !== this.#reading) return;
    if (layer !== this.#layer || head !== this.#head) return; // another was chosen since
    this.#rows = rows;
    this.#shade();
  }

  #shade(): void {
    const { tokens } = this.#reading!;
    const from = this.#from;
    const colour = styleColour(from === undefined ? "--warn" : "--accent");
    const attention = from === undefined
      ? undefined
      : tokens.map((_, i) => this.#rows[from + 1]?.[i + 1] ?? 0);
    this.#tokens.forEach((element, i) => {
      const { loss } = tokens[i];
      const percent = Math.round(Math.min(1, attention?.[i] ?? loss / DARKEST) * 75);
      element.style.background = `color-mix(in srgb, ${colour} ${percent}%, transparent)`;
      element.title = attention ? `attention ${measure(attention[i], 3)}` : `loss ${measure(loss)}`;
      element.setAttribute("aria-pressed", String(i === from));
    });
    const heads = ["token", "loss", ...attention ? [`attention of token ${from! + 1}`] : []];
    const rows = tokens.map(({ text, loss }, i) => [
      JSON.stringify(text),
      measure(loss),
      ...attention ? [measure(attention[i], 3)] : [],
    ]);
    this.#table.replaceChildren(table(heads, rows, { numeric: heads.slice(1) }));
  }
}
