/// <reference lib="dom" />

/** What an element is given besides its children. */
export interface Properties {
  class?: string;
  [attribute: string]: string | number | boolean | undefined | ((event: Event) => void);
}

/**
 * An element. Children that are strings are text, whatever they hold: no markup is ever parsed.
 * Properties that begin with `on` listen, others are attributes; false and undefined are left out.
 */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: (Node | string | undefined)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== undefined && value !== false) element.setAttribute(key, String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** The element of the page with an id. */
export function byId<Type extends HTMLElement>(id: string): Type {
  return document.getElementById(id) as Type;
}

/** A label with a list to choose from. */
export function choice<Value extends string>(
  label: string,
  choices: Readonly<Record<Value, string>>,
  chosen: Value,
  onChoice: (value: Value) => void,
): HTMLElement {
  const options = Object.entries<string>(choices).map(([value, text]) =>
    el("option", { value, selected: value === chosen }, text)
  );
  const onchange = (event: Event) => onChoice((event.target as HTMLSelectElement).value as Value);
  return el("label", {}, label, el("select", { onchange }, ...options));
}

/** A table whose cells are text; numbers are those whose column's name is among `numeric`. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly (string | Node)[])[],
  { caption, numeric = [] }: { caption?: string; numeric?: readonly string[] } = {},
): HTMLElement {
  const kind = (i: number) => numeric.includes(heads[i]) ? "number" : "text";
  return el(
    "div",
    { class: "scroll", tabindex: 0 },
    el(
      "table",
      { "aria-label": caption },
      el("thead", {}, el("tr", {}, ...heads.map((head, i) => el("th", { class: kind(i) }, head)))),
      el(
        "tbody",
        {},
        ...rows.map((row) =>
          el(
            "tr",
            {},
            ...row.map((cell, i) =>
              i === 0 ? el("th", { scope: "row" }, cell) : el("td", { class: kind(i) }, cell)
            ),
          )
        ),
      ),
    ),
  );
}

/** Has the browser save a file. */
export function download(name: string, blob: Blob): void {
  const href = URL.createObjectURL(blob);
  el("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
