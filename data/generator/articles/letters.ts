import type { Genre } from "../document.ts";

const ME = { name: "I", he: "I", him: "me", his: "my", himself: "myself" };
const DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" ");

const diaryRules = {
  line: [
    "[short].",
    "I [vp.past] and [vp.past].",
    "I [vp.past].",
    "I [vp_out.past].",
    "@C<name> came and [vp_social_c.past].@I",
    "I was [mood] {all day|until [clock]|again}.",
    "I {must|ought to|meant to|shall} [vp]{ tomorrow| before [weekday]|}.",
    "Nothing happened, {unless you count the [pet]|and I was glad of it}.",
    "Ate [food] and [food].",
    "[d]",
    "I wrote to [kin_my]. {No answer yet.|Not a word so far.|Must write again {on [weekday]|soon}.|Asked for [contents].}",
    "The [worker] {says|told me} that [remark_i].",
  ],
  short: [
    "Slept {badly|well|until [clock]|little, on account of the [pet]}",
    "Rose at [clock]",
    "{Rain|Wind|Nothing but [smell]} all day",
    "A letter from {<pen>|<pen>|my [kin]|the [trade]}{, about [trouble]| with [contents] in it|}",
    "Spent [number] {pence|shillings} on [shopgoods]",
    "Lost my [smallthing], found my [cloth]",
    "[group_cap] at the [in] again",
  ],
  group_cap: ["[group]"],
  vp_social_c: [
    "sit by the fire",
    "bring [contents]",
    "ask for the [tool]",
    "stay until [clock]",
    "talk of [memory_i]",
    "eat all the [food]",
  ],
  memory_i: ["the old days", "[virtue]", "the [outdoors]", "[trouble]"],
  kin_my: ["my [kin]", "<pen>", "the [trade] in [town]"],
  remark_i: [
    "it will be a hard [season]",
    "the [vehicle] is late again",
    "there are [number] [pet.pl] on the [outdoors]",
    "nobody wants [shopgoods] this year",
  ],
};

/** Consecutive dated entries; the weather and the writer persist. */
export const diary: Genre = {
  name: "diary",
  rules: diaryRules,
  write(w) {
    w.cast("A", ME);
    w.cast("I", ME);
    w.set("pen", "[girl]");
    let date = w.between(1, 14);
    let weekday = w.between(0, 6);
    const month = w.expand("<month>");
    const entries = Array.from({ length: w.between(3, 6) }, () => {
      const head = `${DAYS[weekday % 7]}, ${date} ${month}.`;
      const gap = w.between(1, 3);
      date += gap;
      weekday += gap;
      return w.paragraph(
        head,
        "{[weather].|}",
        "[line]",
        "[line]",
        "{[line]|[s]|[line] [s]}",
        "{[line]|}",
      );
    });
    return {
      title: w.paragraph(`{From a diary|A diary of ${month}|${month} in <town>}`),
      paragraphs: entries,
    };
  },
};

const letterRules = {
  dear: ["{Dear|My dear} <B>,"],
  open: [
    "Thank you for your letter{, which came on [weekday]|, and for the [contents]|}. {We are all well here|I am [mood]|You ask about the [beast]}, {and|but} [weather_p].",
    "I {write|am writing} {from <town>|in the [indoors]|by candlelight}, where [weather].",
    "It is {[number] weeks|a long time} since {you wrote|I heard from you|you left <town>}, and {much|little|nothing} has {changed|happened}.",
  ],
  weather_p: [
    "the {rain|snow|wind|sun} {has not stopped|does what it likes|is good for the [vegetable.pl]}",
    "the [fruit.pl] are {ripe|late|small this year}",
    "the roof {leaks|holds}",
  ],
  news: [
    "The [worker] {has married the [trade]|has gone to [town]|asks after you|has bought a [pet]}.",
    "On [weekday] I [vp.past], and {your [kin]|@C<name>@A} [vp_out.past].",
    "You would not know the [in]: it has a [adj_thing] [furniture] now, and [group] {come|sit there} every [weekday].",
    "The [beast] {has had young|bit the [worker]|is well|misses you}.",
    "Do you remember {the [adj_place] [outdoors]|old [surname]|the [furniture] in the [in]}? {It is gone|Nothing has changed there|I [vp.past] there on [weekday]}.",
    "[s]",
    "[s]",
    "[d]",
  ],
  ask: [
    "{Could you|Would you} {send|bring|lend} me {a [tool]|[number] yards of [cloth_stuff]|some [shopgoods]|the [paper]}? {I will pay you in [fruit.pl].|There is none to be had here.|}",
    "When {will you|do you mean to} come? {There is a bed in the [indoors]|The [flower.pl] are out|Come before [month]|We will have [food]}.",
    "Tell me {how the [pet] does|what the [trade] said|whether you have [vp.done]}.",
  ],
  cloth_stuff: ["linen", "ribbon", "blue wool", "velvet", "lace"],
  close: [
    "{Your affectionate|Your|Ever your} {friend|cousin|old neighbour}, <A>",
    "{With love|Yours|Yours ever|In haste}, <A>",
    "Your friend, <A>",
  ],
  ps: [
    "P.S. The [smallthing] was {in the [container]|under the [surface]} all the time.",
    "P.S. [weather_p].",
    "P.S. Burn this letter, or at least {do not show it to the [trade]|hide it in the [tin]}.",
  ],
};

export const letter: Genre = {
  name: "letter",
  rules: letterRules,
  write(w) {
    const writer = w.cast("A");
    w.cast("W", writer);
    w.cast("A", ME);
    const body = [
      w.paragraph("[open]", "[news]", "[news]"),
      w.paragraph("[news]", "{[news]|[s]}", "[ask]"),
    ];
    w.cast("A", { ...writer });
    const close = w.expand("[close]");
    return {
      title: w.paragraph("{A letter to <B>|From <A> to <B>|A letter from <town>}"),
      paragraphs: [
        w.paragraph("[dear]"),
        ...body,
        close,
        ...(w.chance(0.4) ? [w.paragraph("[ps]")] : []),
      ],
    };
  },
};
