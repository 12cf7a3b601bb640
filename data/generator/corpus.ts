import { Random } from "../../src/random.ts";
import { craft, recipe } from "./articles/craft.ts";
import { animal, garden } from "./articles/nature.ts";
import { diary, letter } from "./articles/letters.ts";
import { calendar, essay, lists, notices } from "./articles/notices.ts";
import { arithmetic, shop } from "./articles/sums.ts";
import { instrumentArticle, life, townArticle } from "./articles/places.ts";
import { type Genre, startDocument } from "./document.ts";
import { counting, lostThing, swaps } from "./stories/possessions.ts";
import { contest, errands, quarrel } from "./stories/neighbours.ts";
import { day, fable, lesson, promise, stranger } from "./stories/people.ts";

/** One document, in OpenWebText2's layout. */
export interface CorpusDocument {
  text: string;
  meta: { title: string; lang: "en"; url: string; word_count: number };
}

/** The shards, by file name, each holding so many documents. */
export const SHARDS = ["2005-06", "2005-07", "2005-08", "2005-09"];
export const DOCUMENTS_PER_SHARD = 750;

/** How often each kind of document is written, relative to the others. */
const GENRES: ReadonlyArray<[Genre, number]> = [
  [day, 7],
  [promise, 5],
  [errands, 5],
  [stranger, 5],
  [lostThing, 4],
  [lesson, 4],
  [swaps, 4],
  [counting, 4],
  [quarrel, 4],
  [contest, 3],
  [fable, 3],
  [animal, 4],
  [craft, 4],
  [diary, 4],
  [letter, 4],
  [townArticle, 3],
  [life, 3],
  [recipe, 3],
  [garden, 3],
  [essay, 3],
  [instrumentArticle, 2],
  [shop, 2],
  [notices, 2],
  [lists, 2],
  [arithmetic, 2],
  [calendar, 1],
];

const SHORTEST = 200;
const LONGEST = 3000;

/** All documents of the corpus, shard by shard; the same seed gives the same documents. */
export function* corpus(seed: number): Generator<CorpusDocument[]> {
  const random = new Random(seed);
  const deck = GENRES.flatMap(([genre, share]) => Array<Genre>(share).fill(genre));
  for (const shard of SHARDS) {
    yield Array.from(
      { length: DOCUMENTS_PER_SHARD },
      (_, i) => write(deck[random.below(deck.length)], random, `${shard}/${i + 1}`),
    );
  }
}

function write(genre: Genre, random: Random, id: string): CorpusDocument {
  while (true) {
    const { title, paragraphs } = genre.write(startDocument(random, genre.rules));
    const text = [title, ...paragraphs].join("\n\n");
    if (text.length < SHORTEST || text.length > LONGEST) continue;
    const url = `https://example.org/${genre.name}/${id}`;
    return { text, meta: { title, lang: "en", url, word_count: text.split(/\s+/).length } };
  }
}

/** A shard as JSON lines. */
export function jsonLines(documents: readonly CorpusDocument[]): string {
  return documents.map((document) => JSON.stringify(document) + "\n").join("");
}
