import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { assertFails, corpusDirectory, runTask } from "./helpers.ts";

const COMPARE = fromFileUrl(new URL("../../src/cli/compare.ts", import.meta.url));
const SMALL = [
  ...["--data", "corpus.jsonl", "--layers", "1", "--heads", "2", "--width", "16"],
  ...["--context", "16", "--batch", "2", "--eval-tokens", "64", "--evaluations", "2"],
];

/** Makes a comparison until a run begins, then sends it a signal; returns what it told of. */
async function stopInRun(run: number, signal: Deno.Signal, args: string[], cwd: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", COMPARE, ...args, "--json"],
    ...{ cwd, stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  const events: Record<string, unknown>[] = [];
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    const event = JSON.parse(line);
    events.push(event);
    if (event.event === "run" && event.run === run) child.kill(signal);
  }
  const stderr = await new Response(child.stderr).text();
  return { events, stderr, code: (await child.status).code };
}

Deno.test({
  name: "a comparison writes its tables and goes on where it stopped",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using directory = await corpusDirectory();
    const cwd = directory.path;
    const adamw = ["--optimizer", "agd,adamw", "--adamw-beta2", "0.95,0.9"];
    const rates = ["--adamw-lr", "0.001,0.01", "--extend", "0"];
    const same = ["--agd", "momentum=0.8"]; // as AGD's own
    const args = [...SMALL, ...adamw, ...same, ...rates, "--out", "results"];
    // In the second run first the process is killed, then Ctrl-C is pressed.
    for (const signal of ["SIGKILL", "SIGINT"] as const) {
      const { events, code, stderr } = await stopInRun(2, signal, [...args, "--steps", "60"], cwd);
      const first = signal === "SIGKILL" ? ["run", "record"] : [];
      const last = signal === "SIGKILL" ? [] : ["stopping", "end"];
      const names = events.map(({ event }) => event).filter((event) => event !== "compile");
      assertEquals(names, ["start", ...first, "run", ...last]);
      assertEquals(events[0].runs, 5);
      assertEquals([code, stderr], [signal === "SIGKILL" ? 137 : 130, ""]);
    }

    const rest = await runTask("compare", [...args, "--steps", "60"], { cwd });
    assertEquals([rest.code, rest.stderr], [0, ""]);
    assertMatch(
      rest.stdout,
      /^5 runs in 1 cell on [^\n]*, to results\nrun 2\/5 {2}width 16, layers 1,/,
    );
    assertMatch(rest.stdout, /\nrun 3\/5 {2}.* AdamW, lr 0\.01, seed 0\n {2}val \d\.\d{4} {2}/);
    assertMatch(rest.stdout, /\nrun 5\/5 {2}.* AdamW, beta2 0\.9, lr 0\.01, seed 0\n/);
    const table = await Deno.readTextFile(`${cwd}/results/compare.md`);
    assertStringIncludes(rest.stdout, `\n${table}\nWrote compare.md, `);
    assertMatch(table, /\n\| AGD +\| +1 \| +\d\.\d{4} \| /);
    assertMatch(await Deno.readTextFile(`${cwd}/results/compare.svg`), /^<svg [^]*<\/svg>\s*$/);
    const { cells: [cell] } = JSON.parse(await Deno.readTextFile(`${cwd}/results/compare.json`));
    const finals = cell.rows.map(({ final }: { final: { mean: number } }) => final.mean);
    assertEquals([cell.rows.length, new Set(finals).size], [5, 5]);
    assertEquals(cell.rows[0].runs[0].curve.length, 2);
    assertEquals(cell.rows[0].runs[0].final_loss, cell.rows[0].final.mean);

    const again = await runTask("compare", [...args, "--steps", "60", "--quiet"], { cwd });
    assertEquals(
      again.stdout,
      `${table}\nWrote compare.md, compare.json and compare.svg in results.\n`,
    );
  },
});

Deno.test("a comparison's runs may be of so many minutes", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const { stdout, stderr, code } = await runTask("compare", [
    ...[...SMALL, "--optimizer", "agd", "--minutes", "0.0000001", "--steps", "60", "--json"],
    ...["--no-autotune", "--out", "timed"],
  ], { cwd });
  assertEquals([stderr, code], ["", 0]);
  const [, run, ...others] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([run.cell.seconds, run.cell.steps], [0.000006, 60]);
  assertEquals(others.map(({ event }) => event), ["compile", "record", "end"]);
  const [file] = [...Deno.readDirSync(`${cwd}/timed/runs`)];
  const { curve } = JSON.parse(Deno.readTextFileSync(`${cwd}/timed/runs/${file.name}`));
  assertEquals(curve.map(({ step }: { step: number }) => step), [1]);
});

Deno.test("a wrong call of compare is told of in one line", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const cases: [args: string[], code: 1 | 2, message: string][] = [
    [["--width", "64,x"], 2, "--width must be integers of 1 or more, not 'x'"],
    [["--seeds", "0,-1"], 2, "--seeds must be integers of 0 or more, not '-1'"],
    [["--adamw-lr", "0"], 2, "--adamw-lr must be numbers above 0, not '0'"],
    [
      ["--optimizer", "agd", "--sgd-lr", "0.1"],
      2,
      "--sgd-lr: sgd is not tried; name it in --optimizer",
    ],
    [
      ["--adamw-beta2", "1"],
      2,
      "--adamw-beta2 must be numbers of at least 0 and below 1, not '1'",
    ],
    [
      ["--optimizer", "sgd", "--adamw-beta2", "0.9"],
      2,
      "--adamw-beta2: adamw is not tried; name it in --optimizer",
    ],
    [["--adamw-decay", "fast"], 2, "--adamw-decay must be of cosine, linear, not 'fast'"],
    [["--bias", "yes"], 2, "--bias must be of on, off, not 'yes'"],
    [["--tokens", "9", "--steps", "9"], 2, "--steps and --tokens say the same: give one of them"],
    [["--minutes", "9", "--hours", "9"], 2, "--minutes and --hours say the same: give one of them"],
    [["--minutes", "-1"], 2, "--minutes must be above 0, not -1"],
    [["--quiet", "--json"], 2, "--quiet and --json exclude each other"],
  ];
  const outcomes = await Promise.all(cases.map(([args]) => runTask("compare", args, { cwd })));
  outcomes.forEach((outcome, i) => assertFails(outcome, cases[i][1], cases[i][2]));
});
