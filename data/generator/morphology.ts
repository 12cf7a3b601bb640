/** English inflection for the words of the lexicon: regular rules and a table of exceptions. */

const PAST: Record<string, string> = table(`
  be was, become became, begin began, bend bent, bind bound, bite bit, blow blew, break broke,
  bring brought, build built, burn burnt, buy bought, carry carried, catch caught, choose chose,
  come came, cut cut, deal dealt, dig dug, do did, draw drew, drink drank, drive drove, eat ate,
  fall fell, feed fed, feel felt, fight fought, find found, fly flew, forget forgot, give gave,
  get got, go went, grind ground, grow grew, hang hung, have had, hear heard, hide hid, hold held,
  keep kept, kneel knelt, know knew, lay laid, lead led, lean leant, leave left, lend lent, let let,
  lie lay, light lit, lose lost, make made, mean meant, meet met, melt melted, pay paid, put put,
  read read, ride rode, ring rang, rise rose, run ran, say said, see saw, sell sold, send sent,
  set set, sew sewed, shake shook, shine shone, shut shut, sing sang, sink sank, sit sat,
  sleep slept, slide slid, sow sowed, speak spoke, spend spent, spin spun, split split,
  spread spread, stand stood, steal stole, stick stuck, strike struck, string strung, sweep swept,
  swim swam, take took, teach taught, tear tore, tell told, think thought, throw threw, tread trod,
  understand understood, wake woke, wear wore, weave wove, win won, wind wound, write wrote`);

/** Past participles, where they differ from the past. */
const PARTICIPLE: Record<string, string> = table(`
  be been, become become, begin begun, bite bitten, blow blown, break broken, choose chosen,
  come come, do done, draw drawn, drink drunk, drive driven, eat eaten, fall fallen, fly flown,
  forget forgotten, give given, go gone, grow grown, hide hidden, know known, lie lain, ride ridden,
  ring rung, rise risen, run run, see seen, sew sewn, shake shaken, sing sung, sink sunk, sow sown,
  speak spoken, steal stolen, swim swum, take taken, tear torn, throw thrown, tread trodden,
  wake woken, wear worn, weave woven, write written`);

const PLURAL: Record<string, string> = table(`
  calf calves, child children, deer deer, elf elves, foot feet, goose geese, half halves,
  knife knives, leaf leaves, loaf loaves, man men, mouse mice, ox oxen, potato potatoes,
  scarf scarves, sheaf sheaves, sheep sheep, shelf shelves, thief thieves, tomato tomatoes,
  tooth teeth, trout trout, wife wives, wolf wolves, woman women, fireman firemen,
  fisherman fishermen, postman postmen, ferryman ferrymen, milkmaid milkmaids, dormouse dormice,
  salmon salmon, scissors scissors, bellows bellows, tongs tongs`);

/** Verbs of two syllables which double their last consonant; those of one syllable follow a rule. */
const DOUBLING = new Set(["begin", "forget", "admit", "prefer", "refer"]);

function table(rows: string): Record<string, string> {
  return Object.fromEntries(rows.trim().split(/,\s+/).map((row) => row.split(" ")));
}

/** Applies `inflect` to the first word, so that phrases which begin with a verb can be inflected. */
function firstWord(phrase: string, inflect: (word: string) => string): string {
  const end = phrase.search(/[ ,]/);
  return end < 0 ? inflect(phrase) : inflect(phrase.slice(0, end)) + phrase.slice(end);
}

function doubles(verb: string): boolean {
  return DOUBLING.has(verb) || /^[^aeiou]*(?:qu)?[aeiou][bdgklmnprt]$/.test(verb);
}

function withEd(verb: string): string {
  if (verb.endsWith("e")) return verb + "d";
  if (/[^aeiou]y$/.test(verb)) return verb.slice(0, -1) + "ied";
  return (doubles(verb) ? verb + verb.at(-1) : verb) + "ed";
}

/** "mend the net" -> "mended the net". */
export function past(phrase: string): string {
  return firstWord(phrase, (verb) => PAST[verb] ?? withEd(verb));
}

/** "take the road" -> "taken the road". */
export function participle(phrase: string): string {
  return firstWord(phrase, (verb) => PARTICIPLE[verb] ?? PAST[verb] ?? withEd(verb));
}

/** "make tea" -> "making tea". */
export function gerund(phrase: string): string {
  return firstWord(phrase, (verb) => {
    if (verb === "be") return "being";
    if (verb === "singe") return "singeing";
    if (verb.endsWith("ie")) return verb.slice(0, -2) + "ying";
    if (/[^eo]e$/.test(verb)) return verb.slice(0, -1) + "ing";
    return (doubles(verb) ? verb + verb.at(-1) : verb) + "ing";
  });
}

/** "carry water" -> "carries water". */
export function thirdPerson(phrase: string): string {
  return firstWord(phrase, (verb) => {
    if (verb === "be") return "is";
    if (verb === "have") return "has";
    if (/[^aeiou]y$/.test(verb)) return verb.slice(0, -1) + "ies";
    return /(?:s|sh|ch|x|z|o)$/.test(verb) ? verb + "es" : verb + "s";
  });
}

/** "loaf of bread" -> "loaves of bread", "berry" -> "berries". */
export function plural(phrase: string): string {
  const of = phrase.search(/ (?:of|for|with) /);
  if (of > 0) return plural(phrase.slice(0, of)) + phrase.slice(of);
  const start = phrase.lastIndexOf(" ") + 1;
  const noun = phrase.slice(start);
  return phrase.slice(0, start) + (PLURAL[noun] ?? regularPlural(noun));
}

function regularPlural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return noun.slice(0, -1) + "ies";
  return /(?:s|sh|ch|x|z)$/.test(noun) ? noun + "es" : noun + "s";
}

/** Whether a word begins with a vowel sound, so that it takes "an". */
function takesAn(word: string): boolean {
  if (/^(?:one|once|uni|use|usu|eu|ewe)/i.test(word)) return false;
  return /^(?:[aeiou]|hour|honest|honour|heir)/i.test(word);
}

export function capitalise(text: string): string {
  return text.replace(/[A-Za-z]/, (letter) => letter.toUpperCase());
}

/** Puts spaces, articles and capitals right in expanded text. */
export function polish(text: string): string {
  const spaced = text.replace(/ +/g, " ").replace(/ ([,.;:?!])/g, "$1").replace(/,,/g, ",").trim();
  const articled = spaced.replace(
    /\b([Aa]) (?=("?)(\w+))/g,
    (match, a: string, _quote: string, word: string) => takesAn(word) ? `${a}n ` : match,
  );
  const sentenced = articled.replace(
    /(?:[.?!]|\.") +"?[a-z]|: "[a-z]|\n"?[a-z]/g,
    (match) => match.slice(0, -1) + match.at(-1)!.toUpperCase(),
  );
  return capitalise(sentenced);
}

const SMALL = ("zero one two three four five six seven eight nine ten eleven twelve thirteen " +
  "fourteen fifteen sixteen seventeen eighteen nineteen").split(" ");
const TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** 0 to 9,999 in words. */
export function inWords(n: number): string {
  if (n < 20) return SMALL[n];
  if (n < 100) return TENS[Math.floor(n / 10)] + (n % 10 ? `-${SMALL[n % 10]}` : "");
  const [unit, name] = n < 1000 ? [100, "hundred"] : [1000, "thousand"];
  const rest = n % unit;
  const joint = rest === 0 ? "" : rest < 100 ? ` and ${inWords(rest)}` : ` ${inWords(rest)}`;
  return `${inWords(Math.floor(n / unit))} ${name}${joint}`;
}

const ORDINAL: Record<string, string> = table(
  "one first, two second, three third, five fifth, eight eighth, nine ninth, twelve twelfth",
);

/** 1 to 99 as "first", "twenty-third". */
export function ordinal(n: number): string {
  return inWords(n).replace(
    /[a-z]+$/,
    (last) => ORDINAL[last] ?? (last.endsWith("y") ? last.slice(0, -1) + "ieth" : last + "th"),
  );
}

/** "a, b and c". */
export function listed(items: readonly string[]): string {
  return items.length < 2
    ? items.join("")
    : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}
