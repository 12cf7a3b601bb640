import type { Genre } from "../document.ts";
import { ordinal, polish } from "../morphology.ts";
import { HE, SHE } from "../writer.ts";

const noticeRules = {
  notice: [
    "LOST, {near|by} the [outdoors] on [weekday], a [adj_thing] [smallthing]. {The finder is asked to|Please} {bring it to the [indoors]|tell the [trade]}. {Reward: [reward].|}",
    "FOUND in the [indoors]: a [adj_cloth] [cloth], with [contents] in the pocket. {The owner may have it|Ask} at the [trade]'s.",
    "FOR SALE: {a|one} [adj_thing] [furniture], {[number] shillings|or will exchange for a [pet]}. {Also|And} [number] [fruit] trees. {Apply to|Ask for} [boy] [surname], [town].",
    "WANTED: a [adj_person] {boy|girl|person} to {help in the [indoors]|mind [pet.pl]|learn the trade of [trade]}. {Must be fond of|Should know something about} [fond].",
    "CONCERT in the [indoors] on [weekday], [number] [month]. [girl] [surname] will play the [instrument], and the [group] will sing. {Bring a chair|Admission [number] pence}.",
    "STRAYED: a [colour] [pet] that answers to [petname]. Last seen {by the [outdoors]|eating [flower.pl]}. {It is not dangerous|Do not feed it}.",
    "The [vehicle] to [town] will leave at [clock] {on [weekday.pl]|until further notice}, {weather permitting|not at [clock]}.",
    "THANKS to {all those|the [group]} who {put out the fire|found the [pet]|mended the [furniture]} {at|in} the [indoors]. {There will be [food] for all on [weekday].|}",
  ],
  reward: [
    "[number] shillings",
    "a [container] of [fruit.pl]",
    "a kiss from the [pet]",
    "[food] for a week",
    "my thanks",
  ],
  fond: ["[pet.pl]", "early rising", "[food]", "hard work", "[shopgoods]", "children"],
  news: [
    '[A_body] [news_did] {on [weekday]|last week|in [month]}. {"[quote]," said the [trade].|[weather].|}',
    "The price of [shopgoods] {has risen|has fallen} to [number] pence, {and the [group] are [mood]|on account of the [season]}.",
  ],
  A_body: [
    "A [trade] of [town]",
    "The [group] of [town]",
    "Miss [surname]",
    "[boy] [surname], [trade]",
    "A [colour] [pet]",
  ],
  news_did: [
    "won the [prize_n]",
    "fell into the [outdoors] and was pulled out by a [trade]",
    "grew a [vegetable] weighing [number] pounds",
    "walked to [town] backwards",
    "was found asleep in the [indoors]",
    "opened the new [building_n]",
  ],
  prize_n: ["prize for the best [food_baked]", "[instrument] contest", "race to the [outdoors]"],
  building_n: ["bridge", "library", "school", "post office", "bathhouse"],
  quote: [
    "I have never seen anything like it",
    "It is only [virtue]",
    "We shall do better next [season]",
    "Nobody told me",
  ],
};

export const notices: Genre = {
  name: "notices",
  rules: noticeRules,
  write(w) {
    const items = Array.from(
      { length: w.between(4, 7) },
      () => w.paragraph("{[notice]|[notice]|[news]}"),
    );
    return {
      title: w.paragraph("{Notices|News from [town]|The [town] Gazette|On the church door}"),
      paragraphs: items,
    };
  },
};

const listRules = {
  item_pack: [
    "[number] [cloth.pl]",
    "a [adj_thing] [tool]",
    "[food]",
    "some [shopgoods]",
    "a [smallthing]",
    "a [adj_cloth] [cloth]",
    "[shopgoods] for the [trade]",
    "a [container] for the [fruit.pl]",
    "the [paper]",
  ],
  item_do: ["[vp]", "[vp_home] [before]", "[vp_work]", "[vp_plain_l]", "[vp_home]"],
  vp_plain_l: [
    "answer [girl]'s letter",
    "ask the [trade] about the [furniture]",
    "return [boy]'s [tool]",
    "buy [shopgoods] and [shopgoods]",
  ],
  before: ["before breakfast", "if it is dry", "this time", "on [weekday]", ""],
  item_rule: [
    "Never {lend|sell|wake|trust} a [trade] {in [month]|before breakfast|without a reason}.",
    "{Keep the [tool] dry|Put the [tool] away}, {and it will keep you|and you will find it}.",
    "Do not {[vp_plain_r]} {on a [weekday]|after dark|when it [rains]}.",
    "If the [pet] {barks|will not eat|looks at you}, {look behind you|give it [food]|leave it alone}.",
    "Always [vp_r] {first|twice|before you speak}.",
    "[virtue_cap] {before|is better than|and} [food].",
  ],
  vp_plain_r: [
    "cut [wood]",
    "buy [shopgoods]",
    "plant [vegetable.pl]",
    "count your [pet.pl]",
    "whistle in the [indoors]",
    "mend a [cloth]",
  ],
  vp_r: [
    "knock",
    "measure",
    "ask",
    "wipe your boots",
    "count the [pet.pl]",
    "shut the gate",
    "taste the [food]",
  ],
  rains: ["rains", "snows", "thunders", "is foggy"],
};

export const lists: Genre = {
  name: "list",
  rules: listRules,
  write(w) {
    const [title, item, lead] = w.pick([
      [
        "{What to take to [town]|Packing for the [vehicle]}",
        "[item_pack]",
        "{For [number] days|For the journey} you will {need|want}:",
      ],
      [
        "{To be done|Things to do by [weekday]|<A>'s list}",
        "[item_do]",
        "<A>, {before the [group] come|this week}:",
      ],
      [
        "{Rules of the [indoors]|What my [kin] said|Advice to a young [trade]}",
        "[item_rule]",
        "{My [kin] lived by these rules|These were painted over the door of the [indoors]|Learn these by heart}:",
      ],
    ]);
    const items = w.several(item, w.between(5, 10));
    const numbered = w.chance(0.4);
    return {
      title: w.paragraph(title),
      paragraphs: [
        w.paragraph(lead),
        items.map((text, i) => `${numbered ? `${i + 1}.` : "-"} ${polish(text)}`).join(
          "\n",
        ),
        w.paragraph("{[s]|[talk]|[s] [talk]}"),
      ],
    };
  },
};

const calendarRules = {
  on: [
    "On the <nth> of {the month|<m>} [cal].",
    "{By|About|After} the <nth> [cal].",
    "The <nth> is {[girl]|[boy]}'s day, when {the [group] {eat [food]|carry [flower.pl] through the streets|wear [adj_cloth] [cloth.pl]}|nobody works|it always rains in [town]}.",
  ],
  cal: [
    "the [bird.pl] {come back|leave|begin to sing}",
    "the [trade] {opens|shuts} the [indoors]",
    "the [flower.pl] {open|fade|are out by the [outdoors]}",
    "the first [fruit.pl] {are ripe|go to market|fall}",
    "there is {ice on|mist over} the [outdoors]",
    "the [pet.pl] {come in from|go out to} the [outdoors]",
    "people {light fires|sit out of doors|mend [furniture.pl]|sow [vegetable.pl]}",
  ],
  say: [
    "A {wet|dry|cold|warm|windy} <m> {makes|means} {full barns|a short winter|good [fruit.pl]|thin [pet.pl]}.",
    '"In <m> {leave|put on|wash} your [cloth]," they say in [town].',
  ],
};

/** A month's days in order. */
export const calendar: Genre = {
  name: "calendar",
  rules: calendarRules,
  write(w) {
    w.set("m", "<month>");
    const days = w.sample(Array.from({ length: 28 }, (_, i) => i + 1), w.between(4, 6)).sort((
      a,
      b,
    ) => a - b);
    const lines = days.map((day) => {
      w.set("nth", ordinal(day));
      return w.expand("[on]");
    });
    return {
      title: w.paragraph("{<m>|The month of <m>|An almanac for <m>}"),
      paragraphs: [
        w.paragraph("[say]", ...lines.slice(0, 3)),
        w.paragraph(...lines.slice(3), "{[say]|[weather].}"),
      ],
    };
  },
};

const essayRules = {
  claim: [
    "{Much has been said|Too little is said} {about|against|in favour of} <topic>.",
    "{There are two kinds of people|People are of two kinds}: those who {love|cannot live without} <topic>, and those who [other].",
    "I {was [number]|was a child|lived in [town]} when I first {understood|thought about|came to like} <topic>.",
  ],
  other: ["own [pet.pl]", "have never tried", "[vp]", "pretend", "say so only in [season]"],
  reason: [
    "{First|To begin with}, {it costs|it needs} {nothing|little but [virtue]|[number] minutes a day}.",
    "{My [kin]|[girl] [surname]|A [trade] I knew} {swore by it|would not hear of it|did it every [weekday]}, and {lived to be [number_old_e]|was never [mood]|died rich}.",
    "{It is true that|Of course|No doubt} {some|the [group]} {prefer|would rather have} [rather], {but|yet} [but].",
    "{Compare it with|Think of} [rather]: which {lasts longer|is kinder|would you miss}?",
    "[weather]. {What better time for it?|There is always <topic> to look forward to.|That, too, is a reason.}",
  ],
  number_old_e: ["eighty", "ninety", "a hundred", "ninety-six"],
  rather: [
    "[food]",
    "a [adj_thing] [furniture]",
    "a walk to the [outdoors]",
    "[pet.pl]",
    "an evening of [instrument] music",
    "a full [container]",
  ],
  but: [
    "they have not tried it in [month]",
    "a [pet] knows better",
    "nobody asks them twice",
    "it does not last",
    "I am not the [group]",
  ],
  therefore: [
    "{So|And so}, {next time|on [weekday]|whenever you can}, [vp_e].",
    "{I do not say|Nobody says} that <topic> will {mend a [furniture]|bring back a [pet]|pay the [trade]}. {I say only that it helps.|But it is a beginning.}",
  ],
  vp_e: [
    "think of <topic>",
    "put down the [tool] and listen",
    "ask a [trade]",
    "try it",
    "leave the [furniture] alone",
  ],
  topics: [
    "getting up early",
    "walking in the rain",
    "the [adj_thing] [tool]",
    "[virtue]",
    "[food]",
    "keeping a [pet]",
    "old [cloth.pl]",
    "[season] evenings",
    "letters",
    "doing nothing",
    "[drink] at [clock]",
    "the [adj_person] [trade]",
    "[flower.pl] in a jug",
    "shared umbrellas",
    "mending things",
    "sleep",
    "good neighbours",
    "lists",
  ],
};

export const essay: Genre = {
  name: "essay",
  rules: essayRules,
  write(w) {
    w.cast("A", { name: "my neighbour", ...(w.chance(0.5) ? HE : SHE) });
    w.set("topic", "[topics]");
    const reasons = Array.from({ length: w.between(2, 4) }, () => "[reason]");
    return {
      title: w.paragraph("{On <topic>|In praise of <topic>|A word for <topic>}"),
      paragraphs: [
        w.paragraph("[claim]", reasons[0]),
        w.paragraph(
          ...reasons.slice(1),
          `{I am thinking of|Take} [girl] the [trade] and [boy] the [trade]: {neither could do without it|one had it and the other did not}.`,
        ),
        w.paragraph("[therefore]", "{[weather].|}"),
      ],
    };
  },
};
