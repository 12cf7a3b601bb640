/** Attributes that ECharts writes for scripts, or that say what goes without saying. */
const NOISE = /^(class|pointer-events|ecmeta_.*|xml:space|dominant-baseline)$/;

/** Of an element its tag, what others may have in common with it, what they may not, and its text. */
interface Element {
  tag: string;
  shared: string;
  own: string;
  text: string;
}

/**
 * The picture of an SVG of ECharts in a third of its text: paths that follow each other and look the
 * same become one, such texts a group, and clips of the same rectangle one. It does not depend on
 * how many charts the process has drawn before, as ECharts' names do.
 */
export function slimSvg(svg: string): string {
  const [, width, height] = svg.match(/^<svg width="(\d+)" height="(\d+)"/)!;
  const [body, definitions] = svg.split("<defs");
  const shapes = new Map<string, string>();
  for (
    const [, id, path] of (definitions ?? "").matchAll(/<clipPath id="(.*?)">\s*<path d="(.*?)"/g)
  ) {
    shapes.set(id, path);
  }
  const clips = [...new Set(shapes.values())];
  const nameOf = (id: string) => `clip-path="url(#c${clips.indexOf(shapes.get(id)!)})"`;
  return [
    `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    'xmlns="http://www.w3.org/2000/svg">',
    "<style>text{dominant-baseline:central}</style>",
    ...clips.map((path, i) => `<clipPath id="c${i}"><path d="${path}"/></clipPath>`),
    ...joined(elementsOf(body, nameOf)),
    "</svg>\n",
  ].join("\n");
}

/** What is seen, in order. */
function elementsOf(body: string, clipOf: (id: string) => string): Element[] {
  let clip: string[] = [];
  const elements: Element[] = [];
  const tags = /<g clip-path="url\(#(.*?)\)">|<\/g>|<(path|text|rect)([^>]*)>([^<]*)<\/\2>/g;
  for (const [, id, tag, attributes, text] of body.matchAll(tags)) {
    if (tag === undefined) {
      clip = id === undefined ? [] : [clipOf(id)];
      continue;
    }
    const all = new Map(
      [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)]
        .map(([, name, value]) => [name, value] as const)
        .filter(([name]) => !NOISE.test(name)),
    );
    if (!isSeen(all)) continue;
    const own = tag === "path" ? take(all, "d") : tag === "text" ? placeOf(all) : "";
    const style = tag === "text" ? styleOf(all) : [];
    const rest = [...all].map(([name, value]) => `${name}="${value}"`);
    elements.push({ tag, shared: [...rest, ...style, ...clip].join(" "), own, text });
  }
  return elements;
}

function isSeen(attributes: ReadonlyMap<string, string>): boolean {
  if (attributes.get("d") === "") return false;
  const isFilled = attributes.get("fill") !== "none" && attributes.get("fill-opacity") !== "0";
  const isStroked = attributes.has("stroke") && attributes.get("stroke-width") !== "0";
  return isFilled || isStroked;
}

/** An attribute's value, which is taken out. */
function take(attributes: Map<string, string>, name: string): string {
  const value = attributes.get(name) ?? "";
  attributes.delete(name);
  return value;
}

/** Where a text is; a shift is added to it. */
function placeOf(attributes: Map<string, string>): string {
  const transform = take(attributes, "transform");
  const shift = transform.match(/^translate\((\S+) (\S+)\)$/)?.slice(1).map(Number) ?? [0, 0];
  const at = ["x", "y"].map((name, i) => {
    return `${name}="${Math.round(10 * (Number(take(attributes, name)) + shift[i])) / 10}"`;
  });
  if (transform !== "" && !transform.startsWith("translate")) at.push(`transform="${transform}"`);
  return at.join(" ");
}

/** A text's style as attributes. */
function styleOf(attributes: Map<string, string>): string[] {
  return [...take(attributes, "style").matchAll(/([\w-]+):([^;]+)/g)]
    .map(([, name, value]) => `${name}="${value}"`);
}

/** The elements' text, those that follow each other and share all that they can put together. */
function* joined(elements: readonly Element[]): Generator<string> {
  for (let at = 0, next; at < elements.length; at = next) {
    const { tag, shared } = elements[at];
    const isOther = (other: Element) => other.tag !== tag || other.shared !== shared;
    next = elements.findIndex((other, i) => i > at && isOther(other));
    if (next < 0) next = elements.length;
    const run = elements.slice(at, next);
    if (tag === "path") yield `<path ${shared} d="${run.map(({ own }) => own).join("")}"/>`;
    else if (tag === "rect") yield `<rect ${shared}/>`;
    else {
      const texts = run.map(({ own, text }) => `<text ${own}>${text}</text>`);
      yield `<g ${shared}>${texts.join("")}</g>`;
    }
  }
}
