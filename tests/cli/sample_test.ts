import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { assertFails, CONFIG, corpusDirectory, runTask, TINY } from "./helpers.ts";
import { inTerminal, terminalTest } from "./pseudo_terminal.ts";

Deno.test("sampling from a checkpoint", async (t) => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const trained = await runTask("train", [
    ...["--data", "corpus.jsonl", "--out", "run", ...TINY, "--steps", "60", "--quiet"],
  ], { cwd });
  assertEquals(trained.code, 0, trained.stderr);
  const sample = async (args: string[], stdin?: string) => {
    const outcome = await runTask("sample", ["--checkpoint", "run", ...args], { cwd, stdin });
    assertEquals([outcome.code, outcome.stderr], [0, ""]);
    return outcome.stdout;
  };

  await t.step("the text goes on from the prompt, the same for the same seed", async () => {
    const args = ["--prompt", "the moon", "--max-tokens", "20"];
    const [one, again, other] = await Promise.all([
      ...[sample(args), sample([...args, "--seed", "0"]), sample([...args, "--seed", "1"])],
    ]);
    assertMatch(one, /^the moon[^]+\n$/);
    assertEquals(one, again);
    assertNotEquals(one, other);
  });

  await t.step("the prompt may come from standard input", async () => {
    const args = ["--max-tokens", "8", "--temperature", "0"];
    const [given, piped] = await Promise.all([
      ...[sample([...args, "--prompt", "the moon\n"]), sample(args, "the moon\n\n")],
    ]);
    assertEquals(piped, given);
  });

  await t.step("several samples have seeds that count up", async () => {
    const args = ["--prompt", "the", "--max-tokens", "8"];
    const [both, second] = await Promise.all([
      ...[sample([...args, "--num-samples", "2"]), sample([...args, "--seed", "1"])],
    ]);
    assertMatch(both, /^--- sample 1\nthe[^]*\n\n--- sample 2\nthe/);
    assertEquals(both.slice(both.indexOf("--- sample 2\n") + "--- sample 2\n".length), second);
  });

  await t.step("with --json a text is an object, in a line", async () => {
    const args = ["--prompt", "the moon", "--max-tokens", "8"];
    const [plain, json] = await Promise.all([
      ...[sample(args), sample([...args, "--json", "--num-samples", "2"])],
    ]);
    const texts = json.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(texts.map(({ seed, prompt }) => [seed, prompt]), [[0, "the moon"], [
      ...[1, "the moon"],
    ]]);
    assertEquals(`the moon${texts[0].text}\n`, plain);
    assertNotEquals(texts[0].text, texts[1].text);
  });

  await t.step("--interactive goes on from each line, with seeds that count up", async () => {
    const args = ["--max-tokens", "6"];
    const [all, first, second] = await Promise.all([
      sample([...args, "--interactive", "--json"], "the moon\r\nä"),
      sample([...args, "--json", "--prompt", "the moon"]),
      sample([...args, "--json", "--prompt", "ä", "--seed", "1"]),
    ]);
    assertEquals(all, first + second);
    const text = await sample([...args, "--interactive"], "the moon\n");
    assertEquals(text, `${JSON.parse(first).text}\n`);
  });

  await t.step("a pipe gets control characters", async () => {
    const prompt = "\x1b[31mthe moon";
    assertStringIncludes(await sample(["--prompt", prompt, "--max-tokens", "2"]), prompt);
  });

  await t.step({
    ...terminalTest("a terminal gets no control characters"),
    fn: async () => {
      const task = [Deno.execPath(), "task", "--quiet", "--config", CONFIG, "sample"];
      const args = ["--checkpoint", "run", "--prompt", "\x1b[31mthe moon", "--max-tokens", "2"];
      const env = { INIT_CWD: cwd, NO_COLOR: "1" };
      const child = inTerminal([...task, ...args], { cwd, env, stdin: "null" });
      const { stdout } = await child.output();
      assertStringIncludes(new TextDecoder().decode(stdout), "\uFFFD[31mthe moon");
    },
  });

  await t.step("a prompt may be longer than the context, and begin with a dash", async () => {
    const prompt = "- the moon rises".repeat(20);
    const text = await sample(["--prompt", prompt, "--max-tokens", "4"]);
    assertEquals(text.startsWith(prompt), true);
  });

  await t.step("what is special in a prompt is told of", async () => {
    const args = ["--checkpoint", "run", "--max-tokens", "1", "--prompt", "a<|endoftext|>b"];
    const plain = await runTask("sample", args, { cwd });
    assertEquals(
      [plain.code, plain.stderr],
      [
        0,
        "note: <|endoftext|> in the prompt is text like any other; --special makes it the token\n",
      ],
    );
    assertEquals((await runTask("sample", [...args, "--special"], { cwd })).stderr, "");
  });

  await t.step("so is what stands for bytes of an argument that are not UTF-8", async () => {
    if (Deno.build.os === "windows") return;
    const args = ["run", "-A", "src/cli/sample.ts", "--checkpoint", `${cwd}/run`, "--max-tokens"];
    const script = `exec "$0" "$@" 1 --prompt "$(printf 'a\\377b')"`;
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", script, Deno.execPath(), ...args],
    }).output();
    assertEquals(
      [code, new TextDecoder().decode(stderr)],
      [0, "note: U+FFFD in the prompt stands for what is not UTF-8, unless it was meant\n"],
    );
  });

  await t.step("wrong prompts, seeds and directories are told of in one line", async () => {
    const from = ["--checkpoint", "run"];
    assertFails(
      await runTask("sample", from, { cwd, stdin: Uint8Array.of(97, 98, 0xff) }),
      1,
      "the prompt on standard input is not UTF-8 at byte 2",
    );
    assertFails(
      await runTask("sample", [...from, "--interactive"], { cwd, stdin: Uint8Array.of(255, 10) }),
      1,
      "the prompt in line 1 of standard input is not UTF-8 at byte 0",
    );
    const seeds = ["--seed", "9007199254740991", "--num-samples", "2"];
    assertFails(
      await runTask("sample", [...from, "--prompt", "a", ...seeds], { cwd }),
      2,
      "--seed 9007199254740991 is too large for 2 samples, whose seeds count up",
    );
    assertFails(
      await runTask("sample", ["--checkpoint", "run/checkpoints"], { cwd }),
      1,
      "run/checkpoints holds the checkpoints step-000060: name one of them, or the run's directory",
    );
  });

  await t.step("a checkpoint that does not fit its config is told in one line", async () => {
    const config = JSON.parse(await Deno.readTextFile(`${cwd}/run/config.json`));
    await directory.write(
      "misfit/config.json",
      JSON.stringify({ ...config, n_positions: 8, n_ctx: 8 }),
    );
    await Deno.copyFile(`${cwd}/run/model.safetensors`, `${cwd}/misfit/model.safetensors`);
    assertFails(
      await runTask("sample", ["--checkpoint", "misfit"], { cwd }),
      1,
      "misfit/model.safetensors: tensor wpe.weight is (16, 16), but config.json says (8, 16)",
    );
  });
});

Deno.test("a wrong call of sample is told in one line", async () => {
  const wrong: [string, 1 | 2, string][] = [
    ["", 2, "--checkpoint DIR is needed"],
    ["--checkpoint a --temperature -1", 2, "temperature must be 0 or more, not -1"],
    ["--checkpoint a --top-k 0", 2, "--top-k must be an integer of 1 or more, not 0"],
    ["--checkpoint a --top-p 2", 2, "top-p must be above 0 and at most 1, not 2"],
    [
      "--checkpoint a --interactive --prompt x",
      2,
      "--interactive asks for prompts: leave out --prompt",
    ],
    ["--checkpoint a --promt x", 2, "unknown option '--promt': did you mean --prompt?"],
    [
      "--checkpoint ./no/where",
      1,
      "no directory ./no/where: name a checkpoint's, or owner/name of a model on the Hugging Face Hub",
    ],
    [
      "--checkpoint deno.json",
      1,
      "deno.json is no directory: name the one that holds config.json and weights",
    ],
  ];
  await Promise.all(wrong.map(async ([args, code, message]) => {
    assertFails(
      await runTask("sample", args.split(" ").filter(Boolean), { cwd: "." }),
      code,
      message,
    );
  }));
});

Deno.test("sample explains itself", async () => {
  const { stdout, stderr, code } = await runTask("sample", ["--help"], { cwd: "." });
  assertStringIncludes(stdout, "\n  --checkpoint DIR ");
  assertEquals([code, stderr], [0, ""]);
});
