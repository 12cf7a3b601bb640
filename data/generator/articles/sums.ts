import type { Genre } from "../document.ts";
import { inWords } from "../morphology.ts";

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
