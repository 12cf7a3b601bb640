import type { Genre } from "../document.ts";
import { capitalise, inWords, listed } from "../morphology.ts";
import { storyRules } from "./common.ts";

const rules = {
  ...storyRules,
  gift: [
    '{One [weekday]|In [month]|That [season]}, @B<name> {lent|gave} <A.him> a [adj_thing] <thing>. "{Keep it safe|Mind it|Look after it}, {<A>|my friend}, {and bring it back {by|before} [weekday]|for it was my [kin]\'s|for there is not another like it}."@A',
    "<A> had {borrowed a <thing> from <B>|been lent a <thing> by <B>}, and {meant|promised} to {return it|bring it back} {by|on} [weekday].",
    "The <thing> belonged to <B>, {who had it from [a_person]|whose [kin] had made it of [metal]|and it was the only one in <town>}. <A> had {borrowed it|the use of it} for {a week|the [season]|one day}.",
  ],
  put: [
    "<A> put it <hiding> and {thought no more about it|went to bed|[vp.past]|forgot}.",
    "<A.he> {laid|left|put} the <thing> <hiding>, because {it was dry there|nobody would look|the <pet> could not reach it}, and [vp.past].",
    '"It will be safe <hiding>," {said|thought} <A>, and [vp.past].',
  ],
  hide: [
    "in the [adj_thing] [container]",
    "under the [surface]",
    "behind the [container]",
    "in the pocket of <A.his> [adj_cloth] coat",
    "inside a [adj_cloth] [cloth]",
    "under a loose board in the <room>",
    "in the hollow [tree]",
    "on top of the [surface]",
    "between the pages of a [paper]",
    "in a [container] of [fruit.pl]",
  ],
  gone: [
    "When {[weekday] came|<B> asked for it|<A.he> went to fetch it}, <A> could not {find|remember where <A.he> had put} the <thing>.",
    "But the next {morning|[weekday]} the <thing> was {gone|nowhere to be seen|not on the [surface]}, {and <A.he> could not remember a thing about it|or so it seemed}.",
  ],
  look: [
    "<A.he> looked {in|under|behind} the [surface], but {there was only [contents]|found nothing but [contents]|the <thing> was not there}.",
    "<A.he> {emptied|turned out|searched} the [container]: [contents], [shopgoods], a [smallthing_other], and no <thing>.",
    "<A.he> asked [a_person], who had seen {nothing|only a [bird]|a [pet] with something in its mouth}.",
    "<A.he> went back to the <place>, {looking at|searching} every {stone|step|ditch}, {while|and} [weather].",
    "<A.he> even looked {inside the [instrument]|under the <pet>|up the chimney|in the [food]}.",
  ],
  smallthing_other: ["button", "candle end", "cork", "feather", "broken pipe", "ball of string"],
  ask_b: [
    '"{When|Where} did you {last see|last have} it?" asked <B>.',
    '"What did you do {after you had it|on [weekday]}?" asked @B<name>, [vp_small.ing].@A',
  ],
  recall: [
    '"{I put it somewhere safe|Somewhere dry|Somewhere nobody would look}," said <A> {slowly|sadly|at last}. {Then|And then} <A.he> {remembered|stopped|laughed}.',
    "<A> thought about {it|that day}: <A.he> had [vp.done], and then <A.he> had [vp.done], and before that {it was all a blur|<A.he> had been by the [out]|there had been the [abstract]}.",
  ],
  found: [
    "And there it was, <hiding>, {just where <A.he> had left it|as good as ever|a little dusty}.",
    "<A.he> {ran|hurried|went} to look <hiding>, and {found the <thing>|there lay the <thing>|the <thing> was there}.",
  ],
  give_back: [
    "<A> {polished it|wrapped it in a [adj_cloth] [cloth]|carried it through the [sky]} and {gave it back|took it} to <B>, {with a [container] of [fruit.pl]|and [virtue_thanks]|who @B[vp_small.past]@A}.",
    '"Here is your <thing>," said <A>, {and gave it to <B>|holding it out}. "[sorry]."',
  ],
  virtue_thanks: [
    "thanked @B<him>@A twice",
    "begged @B<his> pardon@A",
    "told @B<him> the whole story@A",
  ],
  sorry: [
    "I am sorry it took so long",
    "It was <hiding> all the time",
    "I shall never hide a thing from myself again",
    "Next time I shall write it down",
  ],
};

/** Something borrowed is put somewhere, forgotten, searched for and found there. */
export const lostThing: Genre = {
  name: "story",
  rules,
  write(w) {
    w.set("thing", "[smallthing]");
    w.set("hiding", "[hide]");
    const looks = Array.from({ length: w.between(2, 4) }, () => "[look]");
    return {
      title: w.paragraph(
        "{The Lost <thing>|<A> and the <thing>|<B>'s <thing>|Where the <thing> was}",
      ),
      paragraphs: [
        w.paragraph("[begin]", "[trait]", "[s]", "[b_intro]"),
        w.paragraph("[gift]", "[put]", "[two]"),
        w.paragraph("[gone]", ...looks, "[filler]"),
        w.paragraph("[talk]", "[ask_b]", "[recall]", "[found]"),
        w.paragraph("[give_back]", "{[talk]|[s]|}", "[end]"),
      ],
    };
  },
};

const swapRules = {
  ...storyRules,
  need: [
    "<A> {needed|wanted} a <last>, {but had no money|and had only a <first>|and there was none to be had in <town>}.",
    "What <A> wanted was a <last>. What <A.he> had was a <first>.",
  ],
  swap: [
    "{At|By|Near} the [out] <A.he> met [a_person], who had a <theirs> {and wanted|but needed} a <mine>. So they {exchanged|changed|swapped}, {and both were pleased|and shook hands on it|there and then}.",
    '"I will give you {this|my} <theirs> for {that|your} <mine>," said [a_person]. {"Done,"|"Gladly,"|"If you like,"} said <A>{, and took it|, who had begun to be tired of the <mine>|}.',
    "[a_person] {liked the look of|laughed at|could not live without} the <mine>, and {gave|offered} a <theirs> for it. <A> {thought it over|looked at its teeth, for want of anything better to do,|[vp_small.past]} and agreed.",
    "Then {came|along came} [a_person] with a <theirs>. The <mine> {changed hands|went one way and the <theirs> the other}, and {nobody was the worse for it|<A> walked on}.",
  ],
  sum: [
    "So for a <first> <A.he> had got {a <last>|, in the end, the <last>}: <chain>.",
    "<A> counted it over on <A.his> fingers: <chain>.",
  ],
  ware: [
    "[pet]",
    "[tool]",
    "[cloth]",
    "[instrument]",
    "[smallthing]",
    "[container] of [fruit.pl]",
    "[furniture]",
    "[lightthing_one]",
    "cheese",
    "goose-feather bed",
    "[adj_cloth] [cloth]",
    "sack of [shopgoods_sack]",
  ],
  lightthing_one: ["lamp", "lantern", "oil lamp", "candlestick"],
};

/** A chain of exchanges, told over again at the end in order. */
export const swaps: Genre = {
  name: "story",
  rules: swapRules,
  write(w) {
    const things = w.several("[ware]", w.between(4, 6));
    w.set("first", things[0]);
    w.set("last", things[things.length - 1]);
    const exchanges = things.slice(1).map((theirs, i) => {
      w.setAll({ mine: things[i], theirs });
      return w.paragraph(
        i === 0 ? "[time]" : "{Then|After that|[time]}",
        "<A.he> [go.past].",
        "[swap]",
        "{[s]|[talk]|}",
      );
    });
    const steps = things.slice(1).map((theirs, i) => `a ${things[i]} for a ${theirs}`);
    w.set("chain", listed(steps));
    return {
      title: w.paragraph(
        "{A fair exchange|The <first> and the <last>|How <A> got a <last>|Nothing for nothing}",
      ),
      paragraphs: [
        w.paragraph("[begin]", "[need]", "{[trait]|[filler]}"),
        ...exchanges,
        w.paragraph(
          "{[time] <A.he> came home|So <A> came home|And so to bed}.",
          "[sum]",
          '"[remark]," said @B<name>{, [vp_small.ing]|}.@A',
          "{[moral]|[end]|[end]}",
        ),
      ],
    };
  },
};

const countRules = {
  ...storyRules,
  start: [
    "<A> had <n0> <things>, {and kept them in a [adj_thing] [container]|which is not many|and knew each of them}.",
    "It began with <n0> <things> {in a [container]|that <A.his> <kin> had left <A.him>|and no more}.",
  ],
  more: [
    "[time] {[a_person]|<B>} {gave|brought|sold} <A.him> <n> more, {and then|so that} <A.he> had <total>.",
    "{At|Near} the [out] <A.he> {found|came upon|bought} <n> more. <before> and <n> make <total>.",
    "<n_cap> {more came|were added} {in [month]|on [weekday]|with the [vehicle]}, which made <total>.",
  ],
  less: [
    "[time] <A.he> {lost|gave away|sold} <n>, {and|so that} <total> were left.",
    "{The <pet>|A thief|[a_person]} {took|made off with} <n> of them. <before> less <n> leaves <total>.",
    "<n_cap> were {lost|stolen|lent to <B>} and never came back, and <A> counted <total>.",
  ],
  final: [
    'In the end there were <total> <things>. {<A> gave <half> to <B> and kept the rest|<A> counted them every [weekday]|It was enough|"<total_cap>," said <A>, "is {a good number|plenty|more than I began with, or less; I forget which}"}.',
  ],
};

/** A number of things which grows and shrinks, its arithmetic always right. */
export const counting: Genre = {
  name: "story",
  rules: countRules,
  write(w) {
    w.set(
      "things",
      "{[pet.pl]|[smallthing.pl]|[fruit.pl]|[tool.pl]|[flower.pl]|[container.pl]|[pet.pl]}",
    );
    let total = w.between(2, 12);
    w.set("n0", inWords(total));
    const opening = w.paragraph("[begin]", "[start]", "[trait]");
    const events = Array.from({ length: w.between(3, 5) }, () => {
      const lose = total > 4 && w.chance(0.4);
      const n = lose ? w.between(2, total - 2) : w.between(2, 12);
      w.setAll({
        n: inWords(n),
        n_cap: capitalise(inWords(n)),
        before: capitalise(inWords(total)),
      });
      total += lose ? -n : n;
      w.set("total", inWords(total));
      return w.paragraph("[filler]", lose ? "[less]" : "[more]", "{[talk]|[s]|[two]}");
    });
    w.setAll({ total_cap: capitalise(inWords(total)), half: inWords(Math.ceil(total / 2)) });
    const title = w.paragraph(
      "{<A>'s <things>|<total> <things>|Counting <things>|How many <things>?}",
    );
    return { title, paragraphs: [opening, ...events, w.paragraph("[final]", "{[moral]|[end]}")] };
  },
};
