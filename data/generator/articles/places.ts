import type { Genre } from "../document.ts";
import { capitalise, inWords } from "../morphology.ts";

const townRules = {
  intro: [
    "<t> is a {small|quiet|market|harbour|[adj_place]} town on the River <r>, {[number] miles from <t2>|between <t2> and the sea|where the road from <t2> ends}.",
    "{Travellers|Visitors} {pass through|come to|seldom find} <t>, {though it has|which has|and miss} {the finest|the oldest|the only} [building] on the River <r>.",
    "{The town of <t>|<t>} {has|counts} <people> people, [number] {inns|shops|bakers} and {one|no} [building].",
  ],
  building: [
    "bridge",
    "church",
    "lighthouse",
    "market hall",
    "windmill",
    "school",
    "bell tower",
    "library",
    "clock",
    "toll house",
  ],
  founded: [
    "It was founded in <year> by {a [trade]|[number] [group]|two sisters|a [trade] who lost the way}, {who|and they} {built|raised} a [building] {of [material]|by the [outdoors]} before there was a single house.",
    "The oldest house, built in <year>, {is now|was once} {a [indoors]|the home of the [trade]}.",
  ],
  known: [
    "The town is known for its [goods] and its [goods], {which are sold|sold} {as far away as <t2>|all over the valley|at the fair in [month]}.",
    "{Nearly everyone|One in [number]} {works|worked} {at the mill|in the [indoors]|on the river}, {making|selling|mending} [goods].",
  ],
  goods: [
    "[cloth.pl]",
    "cheese",
    "[furniture.pl]",
    "bells",
    "[instrument.pl]",
    "rope",
    "[fruit] jam",
    "cider",
    "clocks",
    "salt",
    "paper",
    "[tool.pl]",
    "gingerbread",
    "baskets",
    "boats",
  ],
  street: [
    "In {Church|Mill|Bridge|High|Orchard|Fish|Silver|Rope} Street you will find [number] shops: {a|the} [trade]'s, {a|the} [trade]'s and {a|the} [trade]'s, {side by side|where one may buy [shopgoods] and [shopgoods]}.",
    "A walk of [number] minutes {from|past} the [building] brings you to the [outdoors], {where|and there} the [group] {meet|swim|dance|sit} {in [season]|on [weekday.pl]|at [clock]}.",
    "The [building] {strikes|shows} [clock] {when|long after} {it is noon|everyone is asleep|the sun has set}, and nobody {minds|has mended it}.",
    "The [inn] is {kept by|the house of} [boy] [surname], {whose table is famous|a former [trade]|who also sells [shopgoods]}.",
  ],
  inn: ["inn", "tea room", "[petinn] Inn", "Sign of the [petinn]", "[petinn] and [petinn]"],
  petinn: [
    "Swan",
    "Fox",
    "Bell",
    "Plough",
    "Anchor",
    "Lamb",
    "Crown",
    "Ship",
    "Hare",
    "Wheatsheaf",
    "Goose",
  ],
  event: [
    "In <year2> {the river rose|a fire began in the [indoors]|a great wind took the roofs|the bridge fell}, and {the town {was rebuilt|moved uphill|has not forgotten it}|[number] houses were lost, but no lives|a stone by the [outdoors] marks the day}.",
    "The market, {begun|first held} in <year2>, is {still|now} held every [weekday]: {there are|you may see} [pet.pl], [fruit.pl], [cloth.pl] and {now and then|sometimes} a [trade_show].",
    "{<gap_cap> years later|In <year2>, <gap> years after its founding}, the town built {a|its} [building], {which cost [number] thousand pounds|with its own hands|to everybody's surprise}.",
  ],
  trade_show: ["fortune teller", "dancing bear made of wood", "band", "puppet show", "quarrel"],
  saying: [
    '"{Slow as the <t> clock|Late as <t>|Dry as a <t> summer|As deep as the <r>}," they say in <t2>.',
    "The people of <t> {are|have the name of being} [adj_person] and [adj_person], {and say the same of <t2>|except on market day}.",
    "{Come in [month]|The best time to come is [month]}, when the [flower.pl] are out {by|along} the [outdoors]{ and the inn has beds|}.",
  ],
};

export const townArticle: Genre = {
  name: "places",
  rules: townRules,
  write(w) {
    const year = w.between(1102, 1780);
    const gap = w.between(11, 140);
    const [t, t2] = w.several("[town]", 2);
    w.setAll({
      t,
      t2,
      r: "[river]",
      year: `${year}`,
      year2: `${year + gap}`,
      gap: inWords(gap),
      gap_cap: capitalise(inWords(gap)),
      people: w.chance(0.5) ? inWords(w.between(2, 90) * 100) : `${w.between(3, 40) * 100}`,
    });
    return {
      title: w.paragraph("{<t>|A visit to <t>|The town of <t>|<t> on the <r>}"),
      paragraphs: [
        w.paragraph("[intro]", "[founded]", "{[known]|}"),
        w.paragraph("[street]", "[street]", "{[street]|[weather].}"),
        w.paragraph("[event]", "{[event]|}", "[saying]"),
      ],
    };
  },
};

const INSTRUMENTS = `
fiddle; four strings and a bow; drawn across the strings; maple and pine; bright and sweet
cello; four thick strings and a bow; held between the knees and bowed; maple and pine; deep and warm
flute; a tube with holes; blown across; boxwood or silver; clear and cool
drum; a skin stretched over a hoop; struck with sticks; wood and calfskin; dry or thunderous
piano; some two hundred strings and eighty-eight keys; played with all ten fingers; iron, wood and felt; full and ringing
harp; many strings in a curved frame; plucked with both hands; wood and gut; soft and silvery
trumpet; a long tube ending in a bell; blown with tight lips; brass; bold and shining
accordion; bellows, buttons and reeds; squeezed and pulled; wood, steel and leather; lively and a little sad
organ; hundreds of pipes; played with hands and feet; tin, lead and oak; like weather in a church
whistle; a small tube with six holes; blown at the end; tin; high and merry
guitar; six strings over a round hole; plucked or strummed; cedar and rosewood; gentle and round
bagpipes; a bag, a chanter and drones; blown, squeezed and fingered; sheepskin and blackwood; loud enough for a hillside
clarinet; a tube with one reed; blown at the end; dark wood and silver keys; smooth and brown
bell; a cup of bronze; struck with a clapper; copper and tin; long and round
banjo; five strings over a drum; picked with the fingers; wood and skin; quick and dry
lute; pairs of strings over a body like half a pear; plucked softly; thin strips of yew; quiet and old
dulcimer; strings across a flat box; struck with little hammers; wood and wire; like rain on glass`
  .trim().split("\n").map((row) => row.split("; "));

const instrumentRules = {
  intro: [
    "The <x> has <parts>, and is <way>.",
    "{A|The} <x> is <way>; it is made of <stuff>, and its voice is <voice>.",
    "Of all instruments the <x> is {the most [adj_person]|the easiest to carry|the hardest to hide|my [kin]'s favourite}.",
  ],
  more: [
    "It is made of <stuff>.",
    "Its sound is <voice>{, like [like]|}.",
    "It has <parts>.",
    "It is <way>.",
  ],
  like: [
    "a [bird] in {[month]|the [tree]}",
    "[drink] on a cold night",
    "someone [vp_work.ing]",
    "a [wood] door",
    "the wind in the [tree.pl]",
  ],
  learn: [
    "To learn it takes {[number] years|a winter|a patient neighbour}: {first|to begin with} the scales, then {a slow tune|a hymn|a dance}, then [virtue].",
    "[girl] [surname] of [town] {learned|began} at the age of [number], and at [number_old] {played it before the [group]|could still not play in tune|wrote a [dance] for it}.",
    "{Beginners|Children} {hold|treat} it {as if it were a [pet]|like a [tool]}; {masters|those who know it} {like a [pet]|as if it were asleep}.",
  ],
  number_old: ["thirty", "forty", "sixty", "seventy", "eighty"],
  dance: ["jig", "reel", "waltz", "slow march", "lullaby", "hymn", "polka"],
  use: [
    "It is {played|heard} at {weddings|fairs|harvest|funerals|dances} {in [town]|from [month] to [month]|on [weekday.pl]}, {with|beside} a [instrument] and {a|sometimes a} [instrument].",
    "{Keep it|It should be kept} {dry|out of the sun|in a [cloth]|away from the [pet]}, and {tune|clean|oil} it {every [weekday]|in [month]|before you play}.",
    'There is {an old|a} [dance] called "[tune]" that {sounds best on|was made for} the <x>.',
  ],
  tune: [
    "The [trade]'s [family_tune]",
    "[girl]'s [dance]",
    "The [adj_place] [outdoors]",
    "[number_cap] [bird.pl]",
    "Rain on the [outdoors]",
    "The [adj_cloth] [cloth]",
    "Leaving [town]",
  ],
  family_tune: ["daughter", "dream", "return", "wedding", "breakfast", "farewell"],
};

export const instrumentArticle: Genre = {
  name: "music",
  rules: instrumentRules,
  write(w) {
    const [x, parts, way, stuff, voice] = w.pick(INSTRUMENTS);
    w.setAll({ x, parts, way, stuff, voice });
    return {
      title: w.paragraph("{The <x>|On playing the <x>|A word about the <x>}"),
      paragraphs: [
        w.paragraph("[intro]", "[more]", "{[more]|}"),
        w.paragraph("[learn]", "[use]", "{[learn]|[use]|[use]}", "{[use]|}"),
        ...(w.chance(0.6)
          ? [
            w.paragraph(
              "{I once heard|On [weekday] I heard} {one|a <x>} {by|near} the [outdoors]. [weather].",
              "@A<name>, the [trade], [vp_small.past].",
              "[s]",
            ),
          ]
          : []),
      ],
    };
  },
};

const lifeRules = {
  born: [
    "<A.full> was born in <t> in <y0>, the {first|second|third|last} child of a [trade] and a [trade].",
    "In <y0> a [trade]'s {daughter|child}, <A.full>, was born {in|near} <t>{, and nobody took much notice|, in a house by the [outdoors]|}.",
  ],
  at: [
    "At the age of <age> <A.he> <did>.",
    "In <year>, when <A.he> was <age>, <A.he> <did>.",
    "<A.he> was <age> when, in <year>, <A.he> <did>.",
    "<later_cap> years later, in <year>, <A.he> <did>.",
    "In <year> <A.he> <did>, being then <age> years old.",
  ],
  early: [
    "went to school in <t>, {and was good at nothing but sums|walking [number] miles each way}",
    "[learned.past] from a [kin]",
    "was sent to work for a [trade] in [town]",
    "ran away {to sea|with a [trade]|as far as <t>}, and {came back|was brought back} in [month]",
    "built a [furniture] out of [material]",
  ],
  learned: [
    "learn the [instrument]",
    "learn to read",
    "learn to bind books",
    "learn to swim",
    "learn the names of the stars",
  ],
  middle: [
    "opened a shop {in [town]|by the [outdoors]} that sold [shopgoods], [shopgoods] and [shopgoods]",
    "married a [trade] from [town]",
    "invented a [tool] that {could [vp]|nobody wanted|is still used in <t>}",
    "[life_work.past]",
    "lost everything in {a fire|a flood|one bad [season]}, and began again",
    "walked from <t> to [town] {for a wager|with a [pet]|in [number] days}",
  ],
  life_work: [
    "write a book about [life_topic]",
    "paint [number] pictures of the [outdoors]",
    "build the [building_life] at <t>",
    "plant [number] hundred [tree.pl]",
    "draw the first map of the River [river]",
    "collect [number] hundred songs",
    "teach [number] children to read",
  ],
  life_topic: [
    "[pet.pl]",
    "[virtue]",
    "the weather",
    "[flower.pl]",
    "[food]",
    "bees",
    "[bird.pl]",
    "bridges",
  ],
  building_life: ["bridge", "school", "library", "lighthouse", "organ", "clock tower"],
  late: [
    "gave {the shop|the house|everything} to {the town|a [kin]|the school}",
    "returned to <t>, where <A.he> kept [pet.pl] and [flower.pl]",
    "[life_work.past]",
    "was made {mayor|master of the guild|keeper of the bridge} of <t>, and {hated it|did it well|lasted [number] weeks}",
  ],
  died: [
    '<A.he> died in <yd>, aged <aged>, {and is buried|and lies} {by the [outdoors]|under a [tree]|in <t>}{, where [flower.pl] grow.|. The stone says only: "[stone]."|.}',
  ],
  stone: [
    "A good neighbour",
    "Mind the step",
    "I told you it would rain",
    "[virtue_cap]",
    "Gone for a walk",
  ],
  opinion: [
    "Those who knew <A.him> {remembered|spoke of} <A.his> [virtue] and <A.his> [adj_cloth] [cloth].",
    "<A.he> never {ate [food]|wore a [cloth]|owned a [smallthing]|slept past [clock]}, and {said so often|lived the longer for it|thought [virtue] enough}.",
  ],
};

/** A small biography in which years and ages agree. */
export const life: Genre = {
  name: "history",
  rules: lifeRules,
  write(w) {
    const born = w.between(1601, 1869);
    w.setAll({ t: "[town]", y0: `${born}`, full: "<A> [surname]" });
    w.set("A.full", "<full>");
    let last = 0;
    const stages = [["[early]", 8, 15], ["{[early]|[middle]}", 16, 24], ["[middle]", 25, 36], [
      "[middle]",
      37,
      50,
    ], ["[late]", 51, 66]] as const;
    const kept = stages.filter((_, i) => i === 2 || w.chance(0.8));
    const events = kept.map(([stage, low, high]) => {
      const age = w.between(low, high);
      w.setAll({ age: inWords(age), year: `${born + age}`, did: stage });
      w.set("later_cap", capitalise(inWords(Math.max(2, age - last))));
      const line = last === 0
        ? "{At the age of <age> <A.he> <did>.|In <year>, when <A.he> was <age>, <A.he> <did>.}"
        : "[at]";
      last = age;
      return w.expand(line);
    });
    const aged = w.between(Math.max(67, last + 1), 93);
    w.setAll({ yd: `${born + aged}`, aged: inWords(aged) });
    const half = Math.ceil(events.length / 2);
    return {
      title: w.paragraph("{<full>|<full>, <y0>-<yd>|The life of <full>}"),
      paragraphs: [
        w.paragraph("[born]", ...events.slice(0, half)),
        w.paragraph(...events.slice(half), "[opinion]"),
        w.paragraph("[died]"),
      ],
    };
  },
};
