import type { Genre } from "../document.ts";
import { inWords, listed } from "../morphology.ts";
import { storyRules } from "./common.ts";

const errandRules = {
  ...storyRules,
  set_out: [
    "<A> {was going|had to go|set out} to <town2>, {[number] miles away|across the <place>|for the fair|on business}. {Before <A.he> left|At the door|First}, {everyone wanted something|the neighbours came with requests}.",
    "It was {market day|the day of the fair} in <town2>, and <A> was {going|the only one with a [vehicle]}.",
  ],
  ask_for: [
    '"{Bring me|Please bring|Could you bring me} a <w1>," said <P>.',
    "<P> {wanted|asked for} a <w1>{, and paid for it in advance|, but not a large one|}.",
    '"If you see a <w1>," said <P>, "{buy it|think of me|do not let it go}."',
  ],
  bought: [
    "{At the market|In the [in_shop]|From [a_person]} <A.he> {bought|found|got} the <w1> for <P>{, which cost [number] {pence|shillings}|, though it was the last one|}.",
    "The <w1> was {easily found|harder to find|waiting in a window}, and <A> {paid|bargained|thanked [a_person]} for it. {That was for <P>.|<P> would be pleased.}",
  ],
  in_shop: ["bakery", "ironmonger's", "general store", "third shop", "smallest shop"],
  gave: [
    "<P> got the <w1>{ and hung it on a nail| and laughed aloud| and shook <A.his> hand| and tried it at once| and looked at it from all sides|, and was [mood_good]|}.",
    "To <P> <A.he> gave the <w1>.",
    "<P>, who had {waited by the gate|not slept}, took the <w1> {and laughed|in both hands|without a word}.",
  ],
  forgot: [
    '"{And what did you {buy|get|bring} for yourself?|And for yourself?|Is there nothing in the [container] for you?|What have you got for yourself, then?}" asked <B>. <A> {laughed|thought}. "{I forgot|Nothing|Only [contents]}," <A.he> said{, "[remark_small]."|.}',
  ],
  ware2: [
    "[tool]",
    "[smallthing]",
    "[cloth]",
    "[fruit] tree",
    "[pet]",
    "[instrument]",
    "[adj_cloth] [cloth]",
    "[container]",
    "pound of [shopgoods_one]",
    "[paper]",
  ],
  shopgoods_one: ["tea", "sugar", "salt", "nails", "candles", "wool", "currants"],
};

/** Each neighbour asks for a thing, which is bought and given to the right one. */
export const errands: Genre = {
  name: "story",
  rules: errandRules,
  write(w) {
    w.set("town2", "[town]");
    const count = w.between(2, 4);
    const wares = w.several("[ware2]", count);
    const people = ["B", "C", "D", "E"].slice(0, count).map((letter) => w.cast(letter).name);
    const about = (i: number, template: string) => {
      w.setAll({ w1: wares[i], P: people[i] });
      return w.expand(template);
    };
    const each = (template: string) => wares.map((_, i) => about(i, template));
    return {
      title: w.paragraph("{<A> goes to <town2>|Errands|The road to <town2>|What <A> brought home}"),
      paragraphs: [
        w.paragraph("[begin]", "[set_out]", ...each("[ask_for]")),
        w.paragraph("[time] <A.he> [go.past].", "[two]", "{[talk]|[s]}", "[filler]"),
        w.paragraph(
          "<town2> was {full of [group]|[adj_place]|larger than <A.he> remembered}.",
          "[d]",
          ...each("[bought]"),
          "[s]",
        ),
        w.paragraph(
          "{[time] <A.he> came home.|It was dark when <A> came home.|<A> was home by [clock].}",
          ...each("[gave]"),
          "[forgot]",
          "{[end]|[end]|[moral]}",
        ),
      ],
    };
  },
};

const contestRules = {
  ...storyRules,
  called: [
    "{Every|Each} [season] <town> held a contest {by the <place>|in the <room>} for the <best>. {The prize was a [prize].|The [worker] was the judge, and the prize was a [prize].}",
  ],
  prize: [
    "[adj_thing] [metal] cup",
    "[pet]",
    "[container] of [shopgoods]",
    "[adj_thing] [smallthing]",
    "whole cheese",
    "[adj_cloth] [cloth]",
  ],
  best: [
    "largest [vegetable]",
    "best [food_baked]",
    "finest [furniture]",
    "longest [cloth]",
    "fastest [pet]",
    "sweetest [fruit] jam",
    "tallest [flower]",
    "best song",
    "quietest [pet]",
  ],
  entry: [
    "<P> brought {one|something} that was [simile]; the {crowd|[group]} {cheered|laughed|whispered|stood up to see}.",
    "<P> {came with|carried in} a [container] covered with a [cloth], and {would not lift it|[vp_small.past]}.",
    "<P> had worked at it {since [month]|for [number] weeks|every night}, and {it showed|was [mood]}.",
  ],
  reason: [
    "because it was {honest|plain|made with [virtue]|the only one left uneaten}",
    "for it had been {made|grown} with [virtue]",
    "since nobody could say anything against it",
    "because the judge's [kin] liked it best",
    "though the [group] argued until [clock]",
  ],
};

export const contest: Genre = {
  name: "story",
  rules: contestRules,
  write(w) {
    w.set("best", "[best]");
    const people = ["A", "B", "C", "D"].map((letter) => w.cast(letter).name).slice(
      0,
      w.between(3, 4),
    );
    const entries = people.map((name) => {
      w.set("P", name);
      return w.expand("[entry] {[weather].|}");
    });
    const order = w.sample(people, people.length);
    w.setAll({
      first: order[0],
      rest: listed(order.slice(1)),
      count: inWords(people.length),
      all: listed(people),
    });
    return {
      title: w.paragraph("{The <best>|The contest|A prize in <town>|<first> wins}"),
      paragraphs: [
        w.paragraph("[called]", "That year there were <count> who tried for it: <all>.", "[d]"),
        w.paragraph(...entries, "[s]", "[talk]"),
        w.paragraph(
          "In the end {the prize went to|the winner was} <first>, [reason].",
          "{<rest> {shook hands|went home together|clapped, and meant it}.|Nobody was {prouder than|as pleased as} the <pet>.}",
          "[talk]",
          "[end]",
        ),
      ],
    };
  },
};

const quarrelRules = {
  ...storyRules,
  cause: [
    "<A> and <B> had been {friends|neighbours} for [number] years when they quarrelled about a <matter>.",
    "The quarrel {began with|was about} a <matter>. {<A> said it was <A.his>, and <B> said it was @B<his>@A.|Neither would give way.}",
  ],
  matter: [
    "[tree] between their gardens",
    "[pet] that ate the [vegetable.pl]",
    "borrowed [tool]",
    "[furniture] left in the lane",
    "wall by the <place>",
    "recipe for [food]",
    "[instrument] played after [clock]",
    "line of washing",
  ],
  worse: [
    "<A> [vp_work.past], only to annoy <B>. @B<name> [vp_work.past], only to annoy @A<name>.",
    "They did not speak {for [number] weeks|from [month] to [month]|all that [season]}, {and the whole of <town> took sides|and each was [mood]|though they met every day at the [out]}.",
    '"[remark]," said <A> over the wall. "[remark]," answered <B>, {and shut the window|and went in}.',
    "<A> built a fence. <B> painted @B<his> side of it [colour].",
  ],
  mend: [
    "Then {one night|in [month]} {[weather_mend]}, and <A> {heard <B> call out|saw <B> in trouble}. {Without a thought|At once} <A.he> [vp_help.past].",
    "It was the <pet> that ended it. It {fell into the well|had young in <B>'s [container]|was lost in the [sky]}, and they {looked for it together|had to hold the rope together}.",
    "A child asked them what the quarrel had been about, and {neither could remember|both said something different|they looked at each other and laughed}.",
  ],
  weather_mend: [
    "the river rose",
    "the chimney caught fire",
    "snow broke the roof",
    "the wind took the fence",
  ],
  vp_help: [
    "run across with a ladder",
    "bring [number] buckets of water",
    "carry out the [surface]",
    "climb the wall with a lantern",
  ],
  peace: [
    '"It was my fault," said <A>. "{Mine|No, mine}," said <B>. {They had [food] on it.|So they quarrelled about that instead, but kindly.}',
  ],
};

export const quarrel: Genre = {
  name: "story",
  rules: quarrelRules,
  write(w) {
    w.set("matter", "[matter]");
    return {
      title: w.paragraph("{The quarrel|Two neighbours|<A> and <B>|The <matter>}"),
      paragraphs: [
        w.paragraph("[begin]", "[b_intro]", "[d]"),
        w.paragraph("[cause]", "[worse]", "[s]", "[worse]", "{[filler]|}"),
        w.paragraph("[two]", "[mend]", "[s]"),
        w.paragraph("[peace]", "[talk]", "{[end]|[moral]}"),
      ],
    };
  },
};
