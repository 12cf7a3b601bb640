import type { Genre } from "../document.ts";
import { HE, SHE } from "../writer.ts";
import { storyRules } from "./common.ts";

const promiseRules = {
  ...storyRules,
  promise: [
    '"{Will you promise me something, <A>?" asked|I want a promise from you, <A>," said|Promise me one thing," said} <B>. "{<task_cap>|Only this: <task>}, {before|by} <deadline>." "I promise," said <A>.',
    "<A> {promised|gave <A.his> word to} <B> to <task> by <deadline>, {and they shook hands on it|and meant it|though it was not easy}.",
  ],
  task: [
    "mend the [furniture]",
    "bring home the [pet]",
    "plant the [flower.pl]",
    "paint the [furniture] [colour]",
    "learn one tune on the [instrument]",
    "light the lamp at the [room_or]",
    "write to my [kin]",
    "carry the [container] to [town]",
    "ring the bell of the [room_or]",
    "finish the [adj_cloth] [cloth]",
    "feed the [pet.pl]",
  ],
  room_or: ["<room>", "<room2>", "church", "school", "lighthouse"],
  deadline: [
    "[weekday]",
    "the first day of [month]",
    "sunset",
    "the end of [month]",
    "the last day of the fair",
    "[clock]",
  ],
  obstacle: [
    "But {first|on the way|that very day} <A.he> {[vp.past]|had to [vp]}, and {time went by|the day was half gone|<A.he> forgot the hour}.",
    "But [weather], and <A.he> could not {begin|find the [tool]|leave the house|see <A.his> own feet}.",
    "{Then|Next} [a_person] {came by|asked for help|fell in the ditch}, and <A> [vp_social.past].",
    "{The <pet> ran off|The [tool] broke|The [vehicle] lost a wheel}, and <A> [vp_out.past] {to fetch another|for an hour|in vain}.",
    '"Never mind your promise," said <C>. "[remark]." But <A> {shook <A.his> head|thought of <B>|went on}.',
    "<A.he> {fell asleep|sat down to rest} {by the [out]|in the [in]}, and when <A.he> woke it was [clock].",
  ],
  kept: [
    '{At the last moment|Just before <deadline>|In the end|Late, but not too late}, <A> {did it|kept the promise|did what <A.he> had said}. {"You promised to <task>, and you did," said <B>.|@B<name> [vp_small.past] and said, "I knew you would <task>."@A}',
    'And so, {with [number] minutes to spare|tired as <A.he> was|by the light of the [lightthing_2]}, <A> managed to <task>. "A promise is a promise," <A.he> said{ to <B>|, [vp_small.ing]|}.',
  ],
  lightthing_2: ["moon", "lantern", "last candle", "stars"],
};

export const promise: Genre = {
  name: "story",
  rules: promiseRules,
  write(w) {
    const task = w.set("task", "[task]");
    w.set("task_cap", task[0].toUpperCase() + task.slice(1));
    w.set("deadline", "[deadline]");
    const obstacles = Array.from(
      { length: w.between(2, 4) },
      () => w.paragraph("[obstacle]", "{[filler]|[two]|[talk]|[s] [talk]}"),
    );
    return {
      title: w.paragraph("{The promise|<A>'s promise|By <deadline>|To <task>|A word given}"),
      paragraphs: [
        w.paragraph("[begin]", "[trait]", "[b_intro]"),
        w.paragraph("[promise]", "{[talk]|[s]}"),
        ...obstacles,
        w.paragraph("[kept]", "{[filler]|[talk]}", "{[moral]|[end]}"),
      ],
    };
  },
};

const strangerRules = {
  ...storyRules,
  knock: [
    "{One night|One evening}, {while|when|as} [weather], {there was a knock at the door|someone knocked [number_k]|the <pet> {looked up|began to make a noise}}. {On the step stood|It was|Outside was} a [adj_person] [someone] with a [holding2].",
    "It was [clock] when the stranger came, {wet to the skin|covered with dust|limping} and carrying a [holding2].",
  ],
  number_k: ["twice", "three times", "softly", "loudly"],
  holding2: [
    "[adj_thing] [container]",
    "[instrument]",
    "[pet]",
    "[adj_cloth] [cloth] round the shoulders",
    "[adj_thing] [smallthing]",
    "bundle of [flower.pl]",
  ],
  ask_in: [
    '"May I {come in|sleep in the [in]|warm my hands}?" {asked|said} {the stranger|the guest|a voice|the visitor}. "{Come in|There is room by the fire|Sit down|You are welcome}, and [welcome]," said <A>.',
  ],
  welcome: [
    "mind the <pet>",
    "shut the door behind you",
    "tell me the news of <town>",
    "give me your wet things",
    "stay as long as you like",
  ],
  stay: [
    "The stranger {ate|had} [food] and [food], {and then some [food]|with [drink]}, and {told of|spoke about|sang about} [memory_far].",
    "They {talked|sat} until [clock]. {The stranger had been a [trade], a [trade] and a [trade]|The stranger knew every [tree] between <town> and the sea|The stranger said little, but [vp_small_they]}.",
  ],
  vp_small_they: [
    "laughed at everything",
    "mended the [furniture] before bed",
    "played the [instrument]",
    "looked long at the [surface]",
    "drew a map of the <place> on the table",
  ],
  memory_far: [
    "cities with [number] bridges",
    "a [trade] who lived in a [tree]",
    "islands where [pet.pl] ran wild",
    "the winter of the great frost",
    "a [season] on the River [river]",
    "a king who kept [bird.pl]",
  ],
  morning: [
    '{In the morning the stranger was gone.|When <A> woke the stranger had left, and {the bed was made|the fire was lit|the [pet] was fed}.|By [clock] there was nobody in the [in].|Nobody saw the stranger go{, unless it was the <pet>|}.} {On the [surface]|Beside the [lightthing]|Under the cup} lay a <gift>{ and a note: "[note]."|, wrapped in a [adj_cloth] [cloth].|.}',
  ],
  note: [
    "For the [food]",
    "Keep this, and be kind to the next one",
    "You will need it in [season]",
    "It was your [kin]'s",
    "Thank the <pet> for me",
  ],
  later: [
    "{Years|Months} later, when <A> {was in need|had lost the road|had nothing left to sell}, the <gift> {was worth a year's bread|showed the way|was what saved the <room>}.",
    "<A> kept the <gift> {on the [surface]|in <A.his> pocket|over the door}, and {never sold it|showed it to everyone|found in time what it was for}. {After that {no [pet] was ever lost|the [fruit.pl] were always sweet|nobody was ever turned away}.|}",
  ],
};

export const stranger: Genre = {
  name: "story",
  rules: strangerRules,
  write(w) {
    w.set("gift", "[adj_thing] [smallthing]");
    return {
      title: w.paragraph("{The stranger|A knock at the door|The <gift>|The guest|<A>'s visitor}"),
      paragraphs: [
        w.paragraph("[begin]", "[trait]", "[filler]"),
        w.paragraph("[knock]", "[ask_in]", "[s]"),
        w.paragraph("[stay]", "[stay]", "{[s]|[d]|[two]}"),
        w.paragraph("[morning]", "[s]", "[talk]", "[later]", "{[moral]|[end]}"),
      ],
    };
  },
};

const fableRules = {
  first: [
    "{One [season]|Once|Long ago}, when [weather], a [adj_beast] <x> and a [adj_beast2] <y> {lived|met|shared a home} {by|under|near} the {[tree]|<place>|<room>}.",
    "A <x> {once said to|was walking with|had a quarrel with} a <y> {about [virtue]|by the <place>|under a [tree]}. [weather].",
  ],
  adj_beast: ["proud", "clever", "hungry", "young", "vain", "hasty", "greedy", "boastful"],
  adj_beast2: ["patient", "old", "quiet", "humble", "careful", "slow", "kind", "one-eyed"],
  boast: [
    '"I can {[feat]}," said the <x>, "and you cannot even {[feat]}." {"True," said|"Perhaps," said} the <y>, "but {I know where the [fruit.pl] are|I have [virtue]|[season] is coming|I am never lost}."',
    '"Why do you {gather [fruit.pl]|dig|mend your nest|count your seeds} {all day|in the sun}?" asked the <x>. "{Because|Since} [season] {is long|will come}," said the <y>.',
  ],
  feat: [
    "run from the <place> to the <place2> before breakfast",
    "see a seed at [number] yards",
    "sing all night",
    "swim the river twice",
    "jump over the [furniture]",
    "eat [number] [fruit.pl] without stopping",
    "sleep on one leg",
  ],
  then: [
    "Then [weather_f], and the <x> {could not find the way|had nothing to eat|was stuck in a [tree]|called for help}.",
    "But the next day [a_person] came with a [tool], and the <x> {ran in circles|forgot everything|hid in a [container]}.",
  ],
  weather_f: [
    "the snow came",
    "the river rose",
    "the wind turned",
    "a hard frost came",
    "the fog came down",
  ],
  help: [
    'The <y> {said nothing, but|sighed, and|came slowly and} {shared the [fruit.pl]|showed the way|bit through the rope|made room}. {"How did you know?" asked the <x>. "I {listened|looked|waited|asked}," said the <y>.|}',
  ],
  since: [
    "{Since then|From that day|And so} the <x> has been {less|a little less} [adj_beast], {and the two are friends|though not by much|at least on [weekday.pl]}.",
  ],
  creature: ["[wildanimal]", "[bird]", "[wildanimal]", "[pet]"],
};

/** Two animals and a moral. */
export const fable: Genre = {
  name: "fable",
  rules: { ...storyRules, ...fableRules },
  write(w) {
    const [x, y] = w.several("[creature]", 2);
    w.setAll({ x, y });
    w.cast("A", { name: `the ${x}`, ...(w.chance(0.5) ? HE : SHE) });
    w.cast("B", { name: `the ${y}`, ...(w.chance(0.5) ? HE : SHE) });
    return {
      title: w.paragraph("{The <x> and the <y>|The <y>'s answer|Why the <x> is silent}"),
      paragraphs: [
        w.paragraph("[first]", "{[d]|}", "[boast]", "{[talk]|[boast]}"),
        w.paragraph("[then]", "[weather].", "[help]", "{[since]|}"),
        w.paragraph("[moral]"),
      ],
    };
  },
};

const lessonRules = {
  ...storyRules,
  comes: [
    '{That [season]|One [weekday]|In [month]} <A> {went|was sent} to {learn from|work for} <B>, the <master> of <town>. "{[virtue_cap] first|Watch, then do|Begin by sweeping the floor}," said <B>.',
  ],
  fail: [
    "The first {day|week} <A> [botch.past]. The second {day|week} <A.he> [botch.past]. The third, <A.he> [botch.past] and [botch.past].",
    '<A> [botch.past]{, and then [botch.past]|, which made <B> laugh|}. <B> said {nothing.|only that it was a beginning.|only, "[remark]."}',
  ],
  botch: [
    "spoil [number] pieces of [wood]",
    "cut a [cloth] in half",
    "burn the [food]",
    "drop the [tool] on <B>'s foot",
    "nail <A.his> sleeve to the [surface]",
    "forget the [shopgoods]",
    "sew the pockets shut",
    "put the [tool] away wet",
    "lose the [metal] pin",
    "measure everything once",
    "paint the <pet> [colour]",
  ],
  advice: [
    '"The secret," said <B>, "is {to {listen to the [wood_metal]|keep the [tool] sharp|stop before you are tired|measure twice}|[virtue]}."',
    '"When I was young," said <B>, "I {spoiled more [shopgoods] than you have seen|[vp_plain_past]|was worse than you}. {Try again|Go home and sleep}."',
  ],
  wood_metal: ["wood", "stone", "iron", "clay", "wool", "bell"],
  learn: [
    "By [month] <A.he> could {make a [furniture]|do it in the dark|work without looking}. By [season] <A.he> {was trusted with the key|taught the next apprentice|had [number] orders}.",
    'One day <A> {did it without thinking|finished, and it was right}. <B> {looked at it for a long time|turned it over|smiled|blew off the dust|held it to the light} and said, "{Good|That will do|Now do it again|I could not have done it better}."',
  ],
};

export const lesson: Genre = {
  name: "story",
  rules: lessonRules,
  write(w) {
    w.set("master", "[trade]");
    w.set("trade2", "<master>");
    return {
      title: w.paragraph("{The apprentice|The <master>'s apprentice|How <A> learned|A trade}"),
      paragraphs: [
        w.paragraph(
          "{When <A> was {[number_young]|young}, <A.he> {lived with <A.his> [elder]|wanted to be a <master>|could do nothing well}.|<A> was the child of a <trade>, and [degree] [adj_person].}",
          "[comes]",
          "[d]",
        ),
        w.paragraph("[fail]", "[s]", "[talk]", "{[fail]|[filler]}"),
        w.paragraph("[advice]", "[s]", "{[advice]|[talk]}", "[two]"),
        w.paragraph("[learn]", "{[learn]|[s]}", "{[moral]|[end]}"),
      ],
    };
  },
};

/** A day in which nothing much happens: the corpus's loosest text. */
export const day: Genre = {
  name: "story",
  rules: { ...storyRules, room_day: ["<room>", "<place>"] },
  write(w) {
    const paragraphs = Array.from(
      { length: w.between(2, 4) },
      () =>
        w.paragraph(
          "[s]",
          "[two]",
          "{[talk] [talk]|[talk]|[two]|[d] [s]}",
          "[filler]",
          "{[talk]|}",
        ),
    );
    return {
      title: w.paragraph(
        "{[weekday] at the <room>|A day at the <place>|The <trade> and the <pet>|<A>'s [weekday]|By the <place>}",
      ),
      paragraphs: [w.paragraph("[begin]", "[two]"), ...paragraphs, w.paragraph("[s]", "[end]")],
    };
  },
};
