import type { Random } from "../../src/random.ts";
import { actions } from "./actions.ts";
import { lexicon } from "./lexicon.ts";
import { phrases } from "./phrases.ts";
import { sentences } from "./sentences.ts";
import { speech } from "./speech.ts";
import { type Rules, Writer } from "./writer.ts";

/** What a kind of document is made into. */
export interface Piece {
  title: string;
  /** Joined by blank lines into the document's text. */
  paragraphs: string[];
}

/** One kind of story or article; `rules` are its own phrases. */
export interface Genre {
  name: string;
  rules: Rules;
  write(writer: Writer): Piece;
}

const MONTHS = [...lexicon.month];

/** The season of each month and the weather it may have. */
const SEASONS = [
  ...Array<[string, string]>(2).fill(["winter", "{snow|snow|frost|fog|wind|rain}"]),
  ...Array<[string, string]>(3).fill(["spring", "{rain|rain|wind|sun|sun|frost}"]),
  ...Array<[string, string]>(3).fill(["summer", "{sun|sun|sun|rain|wind}"]),
  ...Array<[string, string]>(3).fill(["autumn", "{rain|wind|fog|sun|frost}"]),
  ["winter", "{snow|frost|fog|wind|rain}"],
];

/** A writer whose document has a place, a room, an animal, weather and so on that persist. */
export function startDocument(random: Random, rules: Rules): Writer {
  const writer = new Writer(random, lexicon, {
    ...actions,
    ...phrases,
    ...sentences,
    ...speech,
    ...rules,
  });
  const [place, place2] = writer.several("[outdoors]", 2);
  const [room, room2] = writer.several("[indoors]", 2);
  const [trade, trade2, trade3] = writer.several("[trade]", 3);
  const [season, weather] = SEASONS[MONTHS.indexOf(writer.set("month", writer.pick(MONTHS)))];
  writer.setAll({ place, place2, room, room2, trade, trade2, trade3, season, weather });
  writer.setAll({
    pet: "[pet]",
    kin: "[kin]",
    town: "[town]",
  });
  writer.cast("A");
  writer.cast("B");
  writer.cast("C");
  return writer;
}
