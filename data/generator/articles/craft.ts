import type { Genre } from "../document.ts";
import { capitalise, listed } from "../morphology.ts";

/** One line a craft: thing; maker; material; steps in order, each beginning with a bare verb. */
const CRAFTS = `
a loaf; baker; flour, water, salt and yeast; warm the water > stir in the yeast > knead the dough until it is smooth > leave it to rise under a cloth > shape the loaf > bake it until it sounds hollow
a barrel; cooper; oak staves and iron hoops; split the oak > dry the staves for a year > shave each stave to a curve > heat them over a small fire > bend them together > drive the hoops down > fit the lid
a jug; potter; red clay; wedge the clay > throw it on the wheel > draw up the walls with wet fingers > pinch out the lip > join the handle > dry it on a shelf > fire it in the kiln > glaze it and fire it again
a horseshoe; blacksmith; a bar of iron; blow up the fire > heat the bar until it is orange > bend it round the anvil > punch the holes > dip it in water > try it on the hoof > nail it down
a candle; candlemaker; beeswax and cotton; melt the wax slowly > plait the wick > dip the wick > hang it up to cool > dip it again, thirty times or more > roll it straight > trim the end
a basket; basket maker; willow rods; cut the willow in winter > soak it in the stream > lay a cross for the base > weave round the cross > bend up the stakes > weave the sides > bind the rim > twist a handle
a shoe; shoemaker; leather, thread and wax; measure the foot > cut the leather > soak the sole > stretch the upper over the last > stitch the two together > hammer the heel > rub it with wax
a blanket; weaver; wool from the hills; wash the fleece > comb the wool > spin the yarn > dye it > string the loom > throw the shuttle > cut the cloth free > brush it with teasels
a book; bookbinder; paper, thread, glue and leather; fold the sheets > press them flat > sew them on cords > round the back > glue the boards > cover them with leather > stamp the title in gold
a fiddle; fiddle maker; maple, pine and patience; choose the wood > carve the belly > bend the ribs over a hot iron > cut the sound holes > glue the body > fit the neck > varnish it > string it > play it every day
cheese; dairyman; milk, salt and rennet; warm the milk > add the rennet > cut the curd > drain the whey > salt the curd > press it overnight > turn it every day for three months
a rope; rope maker; hemp; comb the hemp > spin it walking backwards > twist the yarns into strands > lay the strands together > pull the rope tight > rub it with tar
honey; beekeeper; nothing but flowers; light the smoker > puff smoke at the door > lift out the frames > brush off the bees > slice the wax > spin the frames > strain the honey > put it in jars
a wall; mason; stone from the field; dig a trench > lay the largest stones > fill the middle with small ones > lay each stone across a joint > put in long stones to tie it > set the top stones on edge
a boat; boatbuilder; larch planks on an oak frame; lay the keel > set up the ribs > steam the planks > nail them edge over edge > stop the seams with tar > paint the hull > launch it at high water
a bell; bell founder; copper and tin; shape a core of clay > build the mould around it > melt the copper > add the tin > pour the metal in one breath > let it cool for days > break the mould > tune it
a hat; hatter; felt and steam; choose the felt > steam it > pull it over a block > tie the brim > leave it overnight > cut the edge > sew the ribbon > brush it
a clock; clockmaker; brass, steel and time; cut the wheels > file the teeth > polish the pins > hang the weight > set the pendulum swinging > listen for a week > move the hands
a haystack; farmer; dry grass; mow the meadow at dawn > turn the hay in the sun > rake it into rows > load the cart > build the stack from the edge inward > tread it down > thatch the top
cider; cider maker; apples of four kinds; shake the trees > wash the apples > grind them > press the pulp between cloths > pour the juice into barrels > wait until it has stopped singing > bottle it
paper; papermaker; rags; sort the rags > boil them > beat them to pulp > dip the mould > shake it both ways > turn the sheet on to felt > press it > hang it in the loft to dry
a key; locksmith; a blank of brass; clamp the blank > smoke it over a candle > turn it in the lock > look for the bright marks > file where they are > try it again > oil it
a thatched roof; thatcher; straw or reed; strip the old straw > wet the new > lay the first bundles at the eaves > fix them with hazel pegs > work up to the ridge > comb it down > trim the edge
ink; printer; oak galls, iron and rainwater; crush the galls > soak them for a week > strain the brown water > add the iron > stir in gum > leave it to grow black > bottle it`
  .trim().split("\n").map((row) => row.split("; "));

const craftRules = {
  intro: [
    "{To make|Making} <thing> {is|takes|looks like} {slow work|simple work|the work of days}, but {anyone may learn it|there are few who do it well|it cannot be hurried}.",
    "How is <thing> made? {I asked|We asked} [maker_name], the <maker> of [town]{, who has [craft_years]|}.",
    "In [town] there is still a <maker>, {[maker_name]|[maker_name] by name|called [maker_name]}, who {makes|can make} <thing> as {it was made [number] generations ago|it should be made}.",
    "{You need|All you need is} <stuff>, {a [adj_thing] [tool], |}and [virtue]. {The rest is practice.|So says [maker_name], the <maker>.|}",
  ],
  maker_name: [
    "[boy] [surname]",
    "[girl] [surname]",
    "old [surname]",
    "Mrs [surname]",
    "Mr [surname]",
  ],
  craft_years: [
    "made [number] of them this year",
    "done it for [number] years",
    "done nothing else since childhood",
    "learned it from a [kin]",
  ],
  stuff: [
    "The material is <stuff>{, bought {at market|from a [trade]|in [month]}|, and the better it is, the less there is to do|}.",
    "It begins with <stuff>.",
  ],
  aside: [
    "{This|That} {takes|may take} {an hour|a morning|[number] minutes|longer than you would think}.",
    "{Do not hurry|Here beginners go wrong|A child can do this part|Here you want a good [tool]}{, said [maker_name]|}.",
    "[weather].",
    "The [room_c] {smells of [smell]|is warm|is full of [contents]} by then.",
    "{If it [goes], begin again|If it [goes], never mind}.",
    "My [kin] did this {with a [tool]|singing|in the dark}.",
  ],
  goes: ["breaks", "cracks", "splits", "sticks", "smells wrong", "looks back at you"],
  room_c: ["workshop", "shed", "kitchen", "whole house", "yard"],
  end: [
    "A good one {lasts|will last} {for [number] years|a lifetime|until somebody sits on it}.",
    "{The <maker> sells|They are sold} {at market|by the door|to the [group]} for [number] shillings{, and seldom has one left|}.",
    "And that is {all|how it is done|the whole secret}, {except for [virtue]|though it took me [number] years to learn}.",
    '"{The hard part|The secret}," said the <maker>, "is {to know when to stop|[virtue]|the weather|to buy good <stuff>}."',
  ],
};

/** How a thing is made: the steps of a craft in their order. */
export const craft: Genre = {
  name: "craft",
  rules: craftRules,
  write(w) {
    const [thing, maker, stuff, stepText] = w.pick(CRAFTS);
    const steps = stepText.split(" > ");
    w.setAll({ thing, maker, stuff });
    const style = w.pick(["you [x]", "the <maker> [x.s]", "[x]", "you must [x]", "we [x.past]"]);
    const marks = steps.map((_, i) =>
      i === 0
        ? "{First|To begin with|First of all}"
        : i === steps.length - 1
        ? "{Last of all|Finally|In the end|At last}"
        : "{Then|Next|After that|When that is done|Now}"
    );
    const lines = steps.map((step, i) => {
      w.set("x", step);
      return w.expand(`${marks[i]}, ${style.replace(/\[x(\.\w+)?\]/, "<x$1>")}{. [aside]|.|.|.}`);
    });
    const cut = Math.ceil(steps.length / 2);
    return {
      title: w.paragraph(
        "{How to make <thing>|How <thing> is made|The <maker>'s work|Making <thing>}",
      ),
      paragraphs: [
        w.paragraph("[intro]", "{[stuff]|}"),
        w.paragraph(...lines.slice(0, cut)),
        w.paragraph(...lines.slice(cut), "[end]", "{[aside]|}"),
      ],
    };
  },
};

const DISHES = [
  "soup",
  "stew",
  "pie",
  "broth",
  "pudding",
  "cake",
  "tart",
  "bread",
  "jam",
  "salad",
  "pickle",
  "pancakes",
];
const recipeRules = {
  amount: [
    "[number] ",
    "half a pound of ",
    "a pound of ",
    "two handfuls of ",
    "a basket of ",
    "a cup of ",
  ],
  plain: [
    "a pinch of salt",
    "a spoonful of {honey|sugar|mustard|cream}",
    "a little {butter|milk|pepper|vinegar|cider}",
    "[number_s] eggs",
    "a pint of {milk|water|stock|cream}",
    "a slice of {ham|bacon|bread}",
    "{half a|one} cup of {flour|oatmeal|barley}",
    "a sprig of {mint|thyme|parsley|sage|rosemary}",
  ],
  number_s: ["two", "three", "four", "six"],
  intro: [
    "This <dish> {is made|was always made} in [town] {at harvest|in [month]|on [weekday.pl]|when the [group] come}.",
    "My [kin] {taught me|made} this <dish> {when I was [number]|every [weekday]|in a [metal] pot}, {and nobody left the table hungry|though never twice the same}.",
    "{For|To feed} [number] {people|hungry [group]}, take {the following|these things}.",
  ],
  prepare: [
    "{Peel|Wash|Slice|Chop|Grate} the <i1> {finely|into small pieces|while the oven warms|and put them in a [metal] pan}.",
    "{Wash|Trim|Cut up} the <i1>, {and give the peelings to the [pet]|which takes [number] minutes|and dry them in a cloth}.",
    "Begin with the <i1>: {they should be [ripe]|take out the stones or the eyes|cut them in [number] pieces}.",
  ],
  ripe: ["ripe but firm", "fresh from the garden", "clean and dry", "all of one size"],
  cook: [
    "{Fry|Boil|Stew|Roast} the <i1> {gently|for [number] minutes|until they are {soft|golden|tender}} with <i2>.",
    "{Add|Stir in|Beat in|Mix in} <i2>{, a little at a time|, but do not let it boil|, and [vp_wait] while it {cools|thickens|rests}|}.",
    "Cover the pan and {leave it|go and [vp_wait]} for {an hour|[number] minutes|as long as you can}.",
    "Put {a layer of <i1>|the <i1>} in a {dish|bowl|crock}, then <i2>, then {more <i1>|a little butter|breadcrumbs}.",
    "{Warm|Whisk|Heat} <i2> in {a small|a [metal]|another} pan, and {pour it over the <i1>|stir until it is smooth|set it by}.",
  ],
  finish: [
    "{Taste it|Try it}: it may want {salt|honey|pepper|more <i1>}.",
    "Bake it {in a slow oven|in a hot oven|under a crust} {for [number] minutes|until it is [colour_food]}.",
    "{Let it stand|Set it on the [surface_cool]} {for an hour|until cold|out of reach of the [cat_dog]}.",
  ],
  surface_cool: ["windowsill", "step", "stone shelf", "table"],
  vp_wait: [
    "feed the [pet]",
    "sweep the step",
    "read a [paper]",
    "wash the bowls",
    "write a letter",
    "look at the [flower.pl]",
  ],
  colour_food: ["brown", "golden", "dark", "set", "crisp"],
  serve: [
    "{Serve|Eat} it {hot|cold|warm} with [food_side]{ and [drink]|}.",
    "It {keeps for [number] days|is better the next day|does not keep, but nobody has ever asked it to}.",
    "{[A_cook]|My [kin]} {adds|puts in} [food_side], {but I do not|and it does no harm|which is a mistake}.",
  ],
  food_side: [
    "bread",
    "butter",
    "cream",
    "cheese",
    "[fruit] jam",
    "pickles",
    "honey",
    "boiled potatoes",
    "custard",
  ],
  A_cook: ["Mrs [surname]", "The [trade]", "[girl]", "Old [surname]"],
};

/** A recipe whose method uses what its list names. */
export const recipe: Genre = {
  name: "recipe",
  rules: { ...craftRules, ...recipeRules },
  write(w) {
    const sweet = w.chance(0.5);
    const dish = w.pick(
      sweet
        ? DISHES.slice(2, 9).filter((d) => !["stew", "broth"].includes(d))
        : DISHES.filter((d) => !["cake", "jam", "pudding"].includes(d)),
    );
    const mains = w.several(sweet ? "[fruit.pl]" : "[vegetable.pl]", w.between(1, 3));
    const others = w.several("[plain]", w.between(2, 4));
    w.setAll({ dish, main: mains[0].replace(/ies$/, "y").replace(/oes$/, "o").replace(/s$/, "") });
    const amounts = mains.map((main) => w.expand("[amount]") + main);
    const cooking = Array.from({ length: w.between(2, 4) }, () => "[cook]");
    const steps = [...mains.slice(0, 2).map(() => "[prepare]"), ...cooking, "[finish]"].map(
      (step, i) => {
        w.setAll({ i1: mains[i % mains.length], i2: others[i % others.length] });
        return w.expand(step);
      },
    );
    const list = w.chance(0.4)
      ? [...amounts, ...others].map((item) => `- ${item}`).join("\n")
      : capitalise(`you will need ${listed([...amounts, ...others])}.`);
    return {
      title: w.paragraph("{<main> <dish>|A <dish> of [season]|<dish> for [number]|[town] <dish>}"),
      paragraphs: [
        w.paragraph("[intro]"),
        list,
        w.paragraph(...steps),
        w.paragraph("[serve]", "{[serve]|}"),
      ],
    };
  },
};
