/// <reference lib="dom" />
import { el } from "./dom.ts";

const THEMES = ["system", "light", "dark"] as const;
type Theme = typeof THEMES[number];

/** Colours of runs, told apart also by those who do not see all hues; and what charts are drawn in. */
const COLOURS = {
  light: ["#2367b0", "#cf5a23", "#23875a", "#7e52bd", "#b53d55", "#0d828c", "#8f6f10", "#5d6673"],
  dark: ["#7fb2ea", "#f0976a", "#69c79b", "#b99be8", "#ec8b9a", "#5bc6ce", "#d6b75c", "#a9b2be"],
};

const system = matchMedia("(prefers-color-scheme: dark)");
const listeners: (() => void)[] = [];

/** Whether the page is dark. */
export function isDark(): boolean {
  return document.documentElement.dataset.theme === "dark";
}

/** The colour of the n-th run. */
export function colour(n: number): string {
  const colours = COLOURS[isDark() ? "dark" : "light"];
  return colours[n % colours.length];
}

/** A colour of the style sheet, e.g. `--text`. */
export function styleColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Has something done whenever the theme changes. */
export function onTheme(listener: () => void): void {
  listeners.push(listener);
}

/** Makes a button go through the themes; the choice is kept in the browser. */
export function startTheme(button: HTMLButtonElement): void {
  let theme = THEMES.find((theme) => theme === localStorage.getItem("theme")) ?? "system";
  const apply = (chosen: Theme) => {
    theme = chosen;
    localStorage.setItem("theme", theme);
    const dark = theme === "dark" || theme === "system" && system.matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.replaceChildren(el("span", { class: "wide-only" }, "Theme: "), theme);
    for (const listener of listeners) listener();
  };
  button.addEventListener("click", () => {
    apply(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  });
  system.addEventListener("change", () => apply(theme));
  apply(theme);
}
