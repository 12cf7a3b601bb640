import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { Arguments, type CommandSpec, parseArguments } from "../../src/cli/arguments.ts";

const COMMAND: CommandSpec = {
  name: "bake",
  summary: "Bakes.",
  options: {
    prompt: { value: "TEXT", help: "what to say", mayBeEmpty: true },
    data: { value: "PATH", help: "what to read", repeatable: true },
    steps: { value: "N", help: "how long", elsewhere: ["max-iters", "n"] },
    "no-bias": { help: "without" },
  },
  examples: ["--steps 3"],
};

function parse(...args: string[]) {
  const options = parseArguments(args, COMMAND);
  assert(options instanceof Arguments);
  return options;
}

Deno.test("options are read by kind", () => {
  const options = parse("--steps", "3", "--data", "a", "--data=b", "--no-bias");
  assertEquals(options.integer("steps"), 3);
  assertEquals(options.list("data"), ["a", "b"]);
  assertEquals(options.flag("no-bias"), true);
  const none = parse();
  assertEquals(none.text("prompt"), undefined);
  assertEquals(none.integer("steps"), undefined);
  assertEquals(none.list("data"), []);
  assertEquals(none.flag("no-bias"), false);
});

Deno.test("values of the positional option may stand by themselves", () => {
  const options = parseArguments(["--data", "a", "007", "--steps", "3", "c"], {
    ...COMMAND,
    positional: "data",
  });
  assert(options instanceof Arguments);
  assertEquals(options.list("data"), ["a", "007", "c"]);
  assertEquals(options.integer("steps"), 3);
});

Deno.test("a value may be any text", () => {
  for (const text of ["", "- a list", "--- rule", "a=b", "two\nlines", "007", "true", "-1"]) {
    assertEquals(parse("--prompt", text).text("prompt"), text);
    assertEquals(parse(`--prompt=${text}`).text("prompt"), text);
  }
});

Deno.test("wrong arguments are named", () => {
  const wrong: [string[], string][] = [
    [["--stpes", "3"], "unknown option '--stpes': did you mean --steps?"],
    [["--step=3"], "unknown option '--step': did you mean --steps?"],
    [["--dta", "x"], "unknown option '--dta': did you mean --data?"],
    [["--bias"], "unknown option '--bias': see deno task bake --help"],
    [["--weird"], "unknown option '--weird': see deno task bake --help"],
    [["-x"], "unknown option '-x': see deno task bake --help"],
    [["more"], "unexpected argument 'more'; see deno task bake --help"],
    [["-"], "unexpected argument '-'; see deno task bake --help"],
    [["--", "more"], "unexpected argument 'more'; see deno task bake --help"],
    [["--steps"], "--steps needs a value: --steps N"],
    [["--data", "a", "--data="], "--data needs a value: --data PATH"],
    [["--max_iters=3"], "unknown option '--max_iters': did you mean --steps?"],
    [["-n", "3"], "unknown option '-n': did you mean --steps?"],
    [["--no_bais"], "unknown option '--no_bais': did you mean --no-bias?"],
    [["--steps", "--no-bias"], "--steps needs a value: --steps N"],
    [["--steps", "1", "--steps", "2"], "--steps is given twice"],
  ];
  for (const [args, message] of wrong) {
    const error = assertThrows(() => parse(...args), UsageError);
    assertEquals(error.message, message);
  }
});

Deno.test("numbers are checked", () => {
  const wrong: [string, string][] = [
    ["many", "--steps must be a number, not 'many'"],
    ["", "--steps needs a value: --steps N"],
    [" ", "--steps must be a number, not ' '"],
    ["Infinity", "--steps must be a number, not 'Infinity'"],
    ["1.5", "--steps must be an integer of 1 or more, not 1.5"],
    ["0", "--steps must be an integer of 1 or more, not 0"],
    ["-2", "--steps must be an integer of 1 or more, not -2"],
  ];
  for (const [value, message] of wrong) {
    const error = assertThrows(() => parse("--steps", value).integer("steps"), UsageError);
    assertEquals(error.message, message);
  }
  assertEquals(parse("--steps", "1e3").integer("steps"), 1000);
  assertEquals(parse("--steps", "0").integer("steps", { min: 0 }), 0);
});

Deno.test("a choice is one of those offered", () => {
  assertEquals(parse("--prompt", "b").choice("prompt", ["a", "b"]), "b");
  assertEquals(parse().choice("prompt", ["a", "b"]), undefined);
  const error = assertThrows(() => parse("--prompt", "c").choice("prompt", ["a", "b"]), UsageError);
  assertEquals(error.message, "--prompt must be one of a, b, not 'c'");
});

Deno.test("help lists every option", () => {
  const text = parseArguments(["--help"], COMMAND);
  assert(typeof text === "string");
  assertEquals(parseArguments(["--steps", "3", "-h"], COMMAND), text);
  assertStringIncludes(text, "Usage: deno task bake [options]\n\nBakes.\n");
  for (const row of ["  --steps N      how long\n", "  --no-bias      without\n", "  --help "]) {
    assertStringIncludes(text, row);
  }
  assertStringIncludes(text, "  deno task bake --steps 3");
});

Deno.test("hints name the command that the user called", () => {
  Deno.env.set("GPT2_COMMAND", "./run");
  try {
    const text = parseArguments(["--help"], COMMAND);
    assert(typeof text === "string");
    assertStringIncludes(text, "Usage: ./run bake [options]\n");
    assertStringIncludes(text, "  ./run bake --steps 3");
    const error = assertThrows(() => parseArguments(["x"], COMMAND), UsageError);
    assertEquals(error.message, "unexpected argument 'x'; see ./run bake --help");
  } finally {
    Deno.env.delete("GPT2_COMMAND");
  }
});

Deno.test("the version is told with Deno's", () => {
  const text = parseArguments(["--version"], COMMAND);
  assert(typeof text === "string");
  assertMatch(text, /^@agd\/gpt2 \d+\.\d+\.\d+, Deno \d+\.\d+\.\d+, /);
});
