import { assert, assertEquals } from "@std/assert";
import { encode, END_OF_TEXT, TOKEN_COUNT, tokenBytes } from "../../src/tokens/tokenizer.ts";
import { Random } from "../../src/random.ts";
import { encodeReference } from "../reference/bpe.ts";

/** Tokens that others have published, from OpenAI's and Hugging Face's implementations. */
const PUBLISHED: [string, number[]][] = [
  ["Hello world", [15496, 995]],
  ["hello world", [31373, 995]],
  ["Hello, my dog is cute", [15496, 11, 616, 3290, 318, 13779]],
  [
    "The quick brown fox jumps over the lazy dog.",
    [464, 2068, 7586, 21831, 18045, 625, 262, 16931, 3290, 13],
  ],
  ["isnt it", [271, 429, 340]],
  ["  double space", [220, 4274, 2272]],
  ["trailing   ", [9535, 4386, 220, 220, 220]],
  ["abc123def", [39305, 10163, 4299]],
  ["你好，世界", [19526, 254, 25001, 121, 171, 120, 234, 10310, 244, 45911, 234]],
  ["café naïve", [66, 1878, 2634, 41492]],
  ["😀 emoji", [47249, 222, 44805]],
  ["def f(x):\n    return x+1", [4299, 277, 7, 87, 2599, 198, 220, 220, 220, 1441, 2124, 10, 16]],
  ["1,000.50", [16, 11, 830, 13, 1120]],
  ["a\tb", [64, 197, 65]],
  ["0", [15]],
  ["00000", [20483]],
  ["0000000", [24598]],
  ["000000000", [10535, 830]],
  ["0000000000000000", [25645]],
  ["00000000000000000", [8269, 10535, 830]],
];

const HARD: Record<string, string[]> = {
  "white space": [
    ...["", " ", "  ", " a", "  a", "   a", "a ", "a  ", "\n", "\n\n", "a\n", "a\n\n b", "\t\ta"],
    ...["a \n b", " \n \n x", "\r\n", "a\r\n\r\nb", " \t x", "x" + " ".repeat(77) + "y"],
    ...[
      "\v\f x",
      "a\u00a0b",
      "a\u00a0\u00a0b",
      "\u2003x",
      "\u3000漢",
      "\u2028a\u2029 b",
      "\u1680x",
    ],
    ...["a\u0085b", " \u0085b", "  \u0085", "\u0085 !", "\u200b \u200bx", "\u180e x"],
    ...[
      "\n".repeat(50) + "x",
      " ".repeat(50),
      "\t".repeat(33) + "{",
      ("\n" + " ".repeat(8)).repeat(9),
    ],
  ],
  "byte-order marks": [
    ...["\ufeff", "\ufeffThe", " \ufeffa", "!!\ufeff", "\ufeff!", "\n\ufeff\n", " \ufeff \ufeff"],
    ...["漢\ufeff字", "\ufeff\ufeff"],
  ],
  "control characters": [
    ...["\0", "a\0b", "\0\0\0\0", "\x01\x02\x1b[31mred\x1b[0m", "\x7f", "\x1c\x1d\x1e\x1f x"],
    Array.from({ length: 0x120 }, (_, i) => String.fromCharCode(i)).join(""),
    Array.from({ length: 0x120 }, (_, i) => ` ${String.fromCharCode(i)}x`).join(""),
  ],
  emoji: [
    ...["😀", " 😀", "👍🏽", "👨‍👩‍👧‍👦 family", "🏳️‍🌈", "🇩🇪🇫🇷🇯🇵", "❤️", "1️⃣", "🤷🏾‍♀️!", "a😀b😀 c"],
    ...["🏴󠁧󠁢󠁳󠁣󠁴󠁿", "😀".repeat(40)],
  ],
  scripts: [
    ...[
      "漢字とかな交じり文。",
      "中文，测试！12345",
      "한국어 텍스트",
      "مرحبا بالعالم ١٢٣",
      "שָׁלוֹם",
      "ภาษาไทยไม่มีช่องว่าง",
    ],
    ...["Привет, мир", "Γειά σου Κόσμε", "हिन्दी में", "தமிழ்", "ⅷ ½ ² ٣ ௧", "ﬁ ﬂ Ǆ ǅ", "𝒜𝓫𝔠 𝟘𝟙", "𐍈𐌰"],
    ...["Ελληνικά mixed с русским и 漢字 and العربية 123", "Z̸̢̛͓a̵l̶g̷o̴", "e\u0301 é", "\u0301x", "ị́"],
    ...["A\u030a Å Å", "ǰ\u0323", "\ue000 private \u{10ffff}"],
  ],
  contractions: [
    ...["it's I'm you're we've they'll he'd can't", "IT'S I'M YOU'RE WE'VE THEY'LL HE'D CAN'T"],
    ...[
      "it’s I’m don’t",
      "'s",
      "''s",
      "'S",
      " 's",
      "'rer",
      "'tis",
      "o'clock's",
      "'llama",
      "s's's",
      "'",
    ],
    ...["'ſ", "'ve'll'd"],
  ],
  numbers: [
    "3.14159",
    "1,234,567.89",
    "0x1F",
    "2nd 3rd",
    "1e-9",
    "$9.99",
    "١٢٣",
    "¼½¾",
    "12345678901",
  ],
  urls: [
    "https://example.org/a/b?c=d&e=%20f#g",
    "user@example.org",
    "C:\\Users\\x\\y.txt",
    "../../a-b_c.d",
  ],
  code: [
    "for (let i = 0; i < n; i++) {\n\tx[i] += `${y}`; // ok\n}\n",
    "#include <stdio.h>\nint main(void) { return 0; }\n",
    "    if x != None:\n        return {'a': [1, 2]}\n\n\n",
    '<div class="x">&nbsp;</div>\n<!-- -->',
    "SELECT * FROM t WHERE a <> 'b' AND c >= 1;",
    "=".repeat(80) + "\n" + "-".repeat(79) + "\n" + "*".repeat(65),
  ],
  "half surrogate pairs": ["\ud83d", "a\ud83d b", "\ude00\ud83d", "\ud83d\ud83d\ude00", " \udfffx"],
  "special tokens": [
    ...["<|endoftext|>", "a<|endoftext|>b", "<|endoftext|><|endoftext|>", " <|endoftext|> "],
    ...["<|im_start|>", "<|endofprompt|>"],
  ],
};

/** Fails if the tokens differ from the reference's. */
function assertSame(text: string): void {
  const tokens = encode(text);
  if (tokens.includes(END_OF_TEXT)) throw new Error(`${JSON.stringify(text)} has a special token`);
  assertEquals(tokens, encodeReference(text), JSON.stringify(text.slice(0, 200)));
}

Deno.test("published tokens", () => {
  for (const [text, tokens] of PUBLISHED) {
    assertEquals(encode(text), tokens, text);
    assertEquals(encodeReference(text), tokens, text);
  }
});

for (const [kind, texts] of Object.entries(HARD)) {
  Deno.test(`tokens equal GPT-2's: ${kind}`, () => texts.forEach(assertSame));
}

Deno.test("half a surrogate pair is encoded as U+FFFD", () => {
  assertEquals(encode("a \ud83d b"), encode("a \ufffd b"));
  assertEquals(encode("\ud83d"), encode("\ufffd"));
});

Deno.test("tokens equal GPT-2's: every token that is text", () => {
  for (let token = 0; token < TOKEN_COUNT - 1; token++) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(tokenBytes(token));
    if (!text.includes("\ufffd") && text.length < 40) assertSame(text);
  }
});

Deno.test("tokens equal GPT-2's: random text", () => {
  const random = new Random(11);
  const pool = [...Object.values(HARD).flat().join(" ")];
  const words = Object.values(HARD).flatMap((texts) => texts.flatMap((text) => text.split(" ")));
  for (let i = 0; i < 400; i++) {
    const from = i % 2 ? pool : words;
    const parts = Array.from(
      { length: 1 + random.below(30) },
      () => from[random.below(from.length)],
    );
    assertSame(parts.join(i % 3 ? "" : " "));
  }
});

Deno.test("tokens equal GPT-2's: runs of every length", () => {
  for (const unit of ["a", "b", "7", "=", "-", " ", "\n", "漢", "😀", "é", "ha", "ab1"]) {
    for (let length = 1; length <= 70; length++) assertSame(unit.repeat(length));
    assertSame(`x ${unit.repeat(700)} y`);
  }
  const random = new Random(3);
  const letters = Array.from({ length: 3000 }, () => "etaoinshrdlu"[random.below(12)]);
  assertSame(letters.join(""));
});

Deno.test("tokens equal GPT-2's: 200,000 of one letter, at once", () => {
  // Long runs of a letter repeat: the tokens of many are those of fewer, and more of the same.
  for (const letter of ["a", "z", "A", "é"]) {
    const once = encodeReference(letter.repeat(2048));
    const block = once.lastIndexOf(once[0]) + 1;
    const per = 2048 / once.length;
    assert(Number.isInteger(per) && block === once.length, `${letter} is not periodic`);
    const length = 200_000 - 200_000 % per;
    const tokens = encode(letter.repeat(length));
    assert(tokens.length === length / per && tokens.every((token) => token === once[0]));
  }
});
