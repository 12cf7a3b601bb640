import type { Genre } from "../document.ts";
import { inWords, ordinal, polish } from "../morphology.ts";
import { HE, SHE } from "../writer.ts";

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
    "I wrote to [kin_my]. No answer yet.",
    "The [worker] {says|told me} that [remark_i].",
  ],
  short: ["Slept badly", "Rose at [clock]", "Rain all day", "A letter from <pen>"],
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
    "{Your affectionate|Your|Ever your} {friend|[kin]}, <A>",
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

interface Sum {
  question: string;
  answer: string;
}

/** Simple sums in words, with their answers. */
export const arithmetic: Genre = {
  name: "sums",
  rules: {},
  write(w) {
    const sums: Array<() => Sum> = [
      () => {
        const [a, b] = [w.between(2, 30), w.between(2, 30)];
        w.setAll({
          x: "{[pet.pl]|[fruit.pl]|[tool.pl]}",
          a: inWords(a),
          b: inWords(b),
          c: inWords(a + b),
          P: "{[girl]|[boy]}",
        });
        return {
          question: w.paragraph(
            "{<P> has|A [trade] has|The [trade]'s [kin] has} <a> <x>, and {buys|is given|finds} <b> more. How many {<x>|} are there {now|altogether|in all}?",
          ),
          answer: w.paragraph("<a> and <b> {are|make} <c>{, so there are <c> <x>|}."),
        };
      },
      () => {
        const [a, b] = [w.between(10, 60), w.between(2, 9)];
        w.setAll({
          x: "{[fruit.pl]|[vegetable.pl]|eggs|buns}",
          a: inWords(a),
          b: inWords(b),
          c: inWords(a - b),
        });
        return {
          question: w.paragraph(
            "There are <a> <x> in a [container]. {The [pet] eats|A [someone] takes|[girl] sells} <b> of them. How many are left?",
          ),
          answer: w.paragraph("<a> less <b> {leaves|is} <c>{. <c> <x> are left|}."),
        };
      },
      () => {
        const [a, b] = [w.between(2, 12), w.between(2, 12)];
        w.setAll({ x: "[bird.pl]", a: inWords(a), b: inWords(b), c: inWords(a * b) });
        return {
          question: w.paragraph(
            "{On each of|In each of} <a> [tree.pl] {sit|are} <b> <x>. How many <x> are there?",
          ),
          answer: w.paragraph("<a> times <b> is <c>{, unless one of them has flown away|}."),
        };
      },
      () => {
        const [b, c] = [w.between(2, 9), w.between(2, 12)];
        w.setAll({
          x: "{[fruit.pl]|nails|buttons|chestnuts}",
          a: inWords(b * c),
          b: inWords(b),
          c: inWords(c),
        });
        return {
          question: w.paragraph(
            "<b> [group] share <a> <x> {equally|fairly}. How many does each {get|have}?",
          ),
          answer: w.paragraph("<a> divided by <b> is <c>{, so each has <c>|}."),
        };
      },
      () => {
        const start = w.between(5, 9);
        const hours = w.between(2, 7);
        w.setAll({
          a: inWords(start),
          h: inWords(hours),
          c: inWords((start + hours - 1) % 12 + 1),
        });
        return {
          question: w.paragraph(
            "A [vehicle] leaves [town] at <a> o'clock in the morning and takes <h> hours to reach [town]. When does it {arrive|get there}?",
          ),
          answer: w.paragraph("At <c> o'clock{, if the [pet] will move|, and not before|}."),
        };
      },
      () => {
        const [n, price] = [w.between(2, 9), w.between(2, 9)];
        const paid = Math.ceil((n * price + 1) / 10) * 10;
        w.setAll({
          n: inWords(n),
          p: inWords(price),
          c: inWords(n * price),
          paid: inWords(paid),
          d: inWords(paid - n * price),
          x: "{[fruit.pl]|candles|buns|[flower.pl]}",
        });
        return {
          question: w.paragraph(
            "<n> <x> at <p> pence each: how much is that, and what is the change from <paid> pence?",
          ),
          answer: w.paragraph(
            "<n> times <p> is <c>, and <paid> less <c> is <d>. The change is <d> pence.",
          ),
        };
      },
    ];
    const chosen = Array.from({ length: w.between(4, 7) }, () => w.pick(sums)());
    const inline = w.chance(0.5);
    return {
      title: w.paragraph(
        "{Sums for [weekday]|Sums in words|Questions for the [adj_person] schoolchild|Arithmetic at [town] school}",
      ),
      paragraphs: inline
        ? chosen.map(({ question, answer }) => `${question} ${answer}`)
        : chosen.map(({ question, answer }) => `Q. ${question}\nA. ${answer}`),
    };
  },
};

const shopRules = {
  greet: [
    "Good {morning|day|afternoon}{, Mrs [surname]|, [girl]|, sir|}. What can I {do for you|get you}?",
    "{You are early|You look [mood]|Shut the door, please}. What will it be?",
  ],
  want: [
    "{I should like|I came for|I need|Give me} {some|a little|a pound of} <x>{, please|, if you have any| for my [kin]|}.",
    "Have you any <x>{ for a [trade]| today| that will last|}?",
  ],
  have: [
    "Here you are. That is <p> pence. {Anything else?|Will there be anything more?}",
    "The <x> {came|came in} on [weekday]. <p> pence. {What else?|Is that all?}",
    "{For you|As it is [weekday]}, <p> pence. {And then?|What else?}",
  ],
  none: [
    "No <x> {today|until [weekday]}, I am afraid. {The [vehicle] is late|The [group] bought it all|Try the [trade]}. {Anything else?|What else?}",
  ],
  sum: [
    "{That will be|That makes|Altogether} <total> pence{, please|}.",
    "<total> pence{, and mind the step|}.",
  ],
  chat: [
    "How is {the [pet]|your [kin]|the [furniture]}?",
    "They say {it will [snow_rain] by [weekday]|the [trade] has bought a [pet]|there is a [wildanimal] in the [indoors]}.",
  ],
  snow_rain: ["snow", "rain", "freeze", "clear up"],
  chat_a: [
    "{Better|Worse|Much the same}, thank you, {since [weekday]|considering|but [mood]}.",
    "I {heard that too|would not know|never listen to the [trade]}.",
  ],
};

/** A scene at a counter; the bill is the sum of the prices. */
export const shop: Genre = {
  name: "scene",
  rules: shopRules,
  write(w) {
    const keeper = w.set("keeper", "{Grocer|Shopkeeper|Mr [surname]|Mrs [surname]|<B>}");
    const customer = w.expand("<A>");
    let total = 0;
    const lines = w.several("[shopgoods]", w.between(2, 4)).flatMap((x) => {
      const price = w.between(2, 30);
      const sold = w.chance(0.8);
      if (sold) total += price;
      w.setAll({ x, p: inWords(price) });
      return [
        `${customer}: ${w.paragraph("[want]")}`,
        `${keeper}: ${w.paragraph(sold ? "[have]" : "[none]")}`,
      ];
    });
    w.set("total", inWords(total));
    const ending = total > 0
      ? [`${customer}: That is all.`, `${keeper}: ${w.paragraph("[sum]")}`]
      : [`${customer}: Then I shall go home.`, `${keeper}: Mind the step.`];
    return {
      title: w.paragraph("{At the counter|In the shop|<A> goes shopping}"),
      paragraphs: [
        w.paragraph("{The [indoors_shop] in [town]|A shop by the [outdoors]}. [weather]. [d]"),
        [
          `${keeper}: ${w.paragraph("[greet]")}`,
          ...lines,
          ...(w.chance(0.6)
            ? [`${keeper}: ${w.paragraph("[chat]")}`, `${customer}: ${w.paragraph("[chat_a]")}`]
            : []),
          ...ending,
        ].join("\n"),
      ],
    };
  },
};

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
    "{Keep|Put} the [tool] {dry|away}, {and it will keep you|and you will find it}.",
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
