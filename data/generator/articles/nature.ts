import type { Genre } from "../document.ts";

/** One line an animal: name; home; food; young; colour; habit (present tense); sound. */
const ANIMALS = `
fox; an earth under a bank; mice, beetles and windfall apples; cubs; red-brown; hunts at dusk; barks
hare; a shallow hollow in the grass; grass and young corn; leverets; brown; runs in wide circles; is nearly silent
hedgehog; a heap of dry leaves; slugs, worms and beetles; hoglets; brown and grey; rolls into a ball; snuffles
badger; a sett dug in a hillside; worms, roots and berries; cubs; grey, black and white; comes out after dark; grunts
squirrel; a nest of twigs called a drey; nuts, seeds and buds; kittens; red; buries nuts and forgets them; chatters
otter; a hole in the riverbank called a holt; fish and eels; cubs; dark brown; swims on its back; whistles
mole; a tunnel under the meadow; worms; pups; black; throws up heaps of earth; is almost never heard
frog; a pond or a wet ditch; flies and slugs; tadpoles; green and brown; sleeps in mud all winter; croaks
toad; a damp hole beneath a stone; beetles and slugs; tadpoles; brown; walks rather than leaps; croaks softly
bat; a hollow tree or a church roof; moths and gnats; pups; dark grey; hangs by its feet; squeaks too high for most ears
owl; a barn or a hollow tree; mice and voles; owlets; pale gold and white; flies without a sound; hoots
robin; a nest of moss and leaves; worms and crumbs; chicks; brown with a red breast; follows anyone who digs; sings even in winter
swallow; a cup of mud beneath a roof; flies caught in the air; chicks; blue-black and cream; flies south in autumn; twitters
crow; a nest of sticks in a tall tree; almost anything; chicks; black; remembers faces; caws
heron; a great nest in a treetop; fish and frogs; chicks; grey; stands still for an hour; croaks
duck; a hollow lined with down; weeds, snails and bread; ducklings; brown or green-headed; turns tail up to feed; quacks
goose; a nest on the ground; grass; goslings; grey or white; guards the gate like a dog; honks
hen; a box of straw; corn, worms and scraps; chicks; brown, white or speckled; scratches the ground; clucks
pony; a stable or a field; grass and hay; foals; bay, grey or brown; sleeps standing up; whinnies
donkey; a field with a dry shed; grass, hay and thistles; foals; grey with a dark cross; will not be hurried; brays
goat; any dry shed; leaves, hay and washing; kids; white, brown or black; climbs whatever can be climbed; bleats
cow; a meadow or a byre; grass; calves; red, black or brown; chews the cud; lows
sheep; a hillside; grass and clover; lambs; white; follows the one in front; bleats
pig; a sty; roots, acorns and kitchen scraps; piglets; pink or black; is cleverer than it looks; grunts
cat; any warm place; mice and fish; kittens; black, grey or striped; washes its face after meals; purrs
bee; a hive or a hollow tree; nectar and pollen; grubs; brown and gold; dances to show the way; hums
snail; its own shell; leaves; tiny snails; brown or yellow; leaves a silver trail; makes no sound
spider; the corner of a window; flies; spiderlings; grey or brown; spins a new web every night; makes no sound
butterfly; the sunny side of a hedge; nectar; caterpillars; white, blue or orange; tastes with its feet; makes no sound
beetle; the bark of an old log; leaves and wood; grubs; black; hides its wings in a case; clicks
dormouse; a ball of grass and bark; hazelnuts and berries; pups; golden; sleeps for half the year; wheezes in its sleep
lark; a hollow in a ploughed field; seeds and insects; chicks; brown; climbs singing into the sky; sings without a pause
kingfisher; a tunnel in the riverbank; little fish; chicks; blue and orange; dives like an arrow; whistles once
tortoise; a box of straw in winter and a garden in summer; lettuce, clover and strawberries; hatchlings; brown and yellow; lives longer than most people; hisses`
  .trim().split("\n").map((row) => row.split("; "));

const animalRules = {
  intro: [
    "The <x> is {known|easily known} by its {colour|coat}, <colour>, and by this, that it <habit>.",
    "{Few|No} animals of the {field|farm|countryside} are {better|less well} known than the <x>.",
    "{Anyone who has {walked by the [outdoors]|lived in the country|kept a garden} has|If you have {walked by the [outdoors]|lived in the country|kept a garden}, you have} seen a <x>{, or at least the signs of one|}.",
    "What is <colour>, eats <food>, and <habit>? {The <x>, of course.|It is the <x>.}",
  ],
  home: [
    "It lives in <home>{, never far from {water|the [tree.pl]|the [outdoors]}|, and seldom moves house|}.",
    "Its home is <home>.",
    "{Look for it|It may be found} {near|in} <home>, {above all|mostly} in [season].",
  ],
  eats: [
    "It eats <food>{, and in [season] whatever it can find|, which it {likes|finds} best {at dawn|after rain}|}.",
    "{The greater part of its food is|What it likes best is} <food>{; [fruit.pl] it will not touch|, though it has been known to eat [food]|}.",
    "Its food is <food>.",
  ],
  young: [
    "The young are called <young>, and {there may be [number_few] of them|they are born in {March|April|May|June}}.",
    "In {spring|April|May|early summer} there are <young>, {blind at first|small as a thumb|hungry from the first hour} {and soon as bold as their parents|and never still|}.",
    "A mother {guards|cleans|feeds} her <young> {with great patience|day and night|for [number_few] weeks}.",
  ],
  number_few: ["two", "three", "four", "five", "six", "seven"],
  voice: [
    "It <sound>{, especially {at night|in [month]|before rain}|}.",
    "Those who {sleep with the window open|rise early|know it well} say that it <sound>.",
  ],
  habit: [
    "It <habit>, {for reasons of its own|as every child knows|and always has done}.",
    "One curious thing about the <x> is that it <habit>.",
  ],
  lore: [
    "In [town] they say that a <x> by the [outdoors] means {rain|a visitor|good luck|a wedding|an early [season]}.",
    "[A_person] of [town] {kept|fed|studied} {one|a <x>} for [number] years and {called it [petname]|wrote a book about it|never tired of it|said it was good company}.",
    "{Farmers|Gardeners|Millers|Bakers} {like|dislike|do not mind} it, {because|since} it {eats <food>|does no harm|is always about}.",
    "The <x> {fears|avoids|will not share a field with} the {hawk|dog|stoat|cat|weasel|rat|owl|fox}, {but has little else to fear|which is larger and quicker|for good reason}.",
    "{Many|Some} old songs are about the <x>, {though few of them are true|and most of them are sad}.",
  ],
  A_person: [
    "Old [surname]",
    "Miss [surname]",
    "A [trade]",
    "Mrs [surname]",
    "[girl] [surname]",
    "[boy] [surname]",
  ],
  advice: [
    "{If you meet one|Should you find one}, {stand still|do not pick it up|leave it where it is|keep the dog away}{ and [vp_still]|}.",
    "To see one, {go out {at dusk|before breakfast}|sit by the [outdoors] {for an hour|in [month]}|be quiet}, and {take no dog|wear [colour_dull]|be patient}.",
  ],
  vp_still: ["watch", "listen", "wait until it goes", "it will forget you"],
  colour_dull: ["brown", "grey", "an old coat", "soft shoes"],
};

export const animal: Genre = {
  name: "nature",
  rules: animalRules,
  write(w) {
    const [x, home, food, young, colour, habit, sound] = w.pick(ANIMALS);
    w.setAll({
      x,
      home,
      food,
      young,
      colour,
      habit,
      sound,
    });
    const facts = w.sample(["[home]", "[eats]", "[young]", "[voice]", "[habit]"], 5);
    return {
      title: w.paragraph("{The <x>|About the <x>|On <x.pl>|A note on the <x>}"),
      paragraphs: [
        w.paragraph("[intro]", ...facts.slice(0, 3)),
        w.paragraph(...facts.slice(3), "[lore]", "[advice]", "{[lore]|}"),
        ...(w.chance(0.5) ? [seen(w.expand("<x>"), w.paragraph.bind(w))] : []),
      ],
    };
  },
};

/** A short eye-witness account that puts the animal into a scene. */
function seen(x: string, paragraph: (...templates: string[]) => string): string {
  return paragraph(
    `{Last [season]|On [weekday]|Once, in [month],} I saw a ${x} {by|near} the [outdoors]. [weather]. It {looked at me|stopped|turned its head}, {and was gone|and went on with its supper|as if I were the stranger}. {[A_person], who was with me, {saw nothing|laughed|said it was a [wildanimal]|would not believe it}.|}`,
  );
}

const gardenRules = {
  ...animalRules,
  plant_what: [
    "The [flower:x] {is|has always been} {the pride of|a friend to|welcome in} {any|every} [adj_place] garden.",
    "{Nothing|No flower} {is so easy as|repays care like} the [flower:x].",
    "The [tree:x] {by|beside} the [outdoors] {is [number] years old|was planted by a [trade]|gives shade to the [group]}.",
    "{This|Last} [season] I {grew|planted|lost} [number] rows of [vegetable.pl:x].",
  ],
  month_job: [
    "In [month] {sow|plant|cut back|water|dig in} the [vegetable.pl], and {cover|tie up|thin} the [flower.pl] {before the frost|when it is dry|if the [bird.pl] let you}.",
    "By {July|August|September|October} the [fruit.pl] {are ripe|want picking|should be in the [container]}, and {wasps|[bird.pl]|children} {know it too|will help}.",
    "{Never|Always} {prune the [tree]|move a [flower]|water the [vegetable.pl]} {in [month]|at noon|on a windy day}.",
  ],
  enemy: [
    "{Slugs|Snails|Greenfly|Pigeons|Rabbits|Mice} are the enemy: {a ring of ash|an old [cloth]|a [cat_dog]|early rising|a [metal] wire} {keeps them off|will do|helps a little}.",
    "{Frost|Drought|Wind|The neighbour's [pet]} {killed|spoiled|took} the [vegetable.pl], but the [flower.pl] {lived|came back|did not mind}.",
  ],
  tools: [
    "You {need|want} {only|no more than} a [tool], a [tool] and [virtue].",
    "Clean the [tool] {after use|with sand|before you put it away}, {my [kin] used to say|and it will outlive you}.",
  ],
  lore_g: [
    "A garden {is never finished|teaches [virtue]|keeps no secrets}, {as my [kin] said|and neither do gardeners}.",
    "{My [kin]|[A_person]} {kept|had} a garden by the [outdoors], where [flower.pl] grew {among|beside} the [vegetable.pl], and {sold neither|gave both away|won [number] prizes}.",
  ],
  harvest: [
    "{We picked|There were} [number] {baskets|pounds|buckets} of [fruit.pl], {enough for [number] jars of jam|and gave half to [a_person]|more than last year}.",
  ],
};

export const garden: Genre = {
  name: "nature",
  rules: gardenRules,
  write(w) {
    const parts = w.sample([
      "[month_job]",
      "[month_job]",
      "[enemy]",
      "[tools]",
      "[harvest]",
      "[enemy]",
      "[month_job]",
    ], w.between(4, 6));
    return {
      title: w.paragraph(
        "{Notes from a [adj_place] garden|The garden in [month]|Growing [vegetable.pl]|From the potting shed}",
      ),
      paragraphs: [
        w.paragraph("[plant_what]", ...parts.slice(0, 2)),
        w.paragraph(...parts.slice(2), "[weather]."),
        w.paragraph("{[lore_g]|[month_job]}"),
      ],
    };
  },
};
