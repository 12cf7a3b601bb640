import { assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { TwoHosts } from "../../bench/two_hosts.ts";
import { corpusDirectory, readLosses, runTask, TINY } from "./helpers.ts";
import { INSTALLED, processOf, RUN, startTraining, train } from "./mpi.ts";

const COMMON = [...TINY, "--data", "corpus.jsonl", "--eval-every", "2", "--eval-batches", "1"];
const SELDOM = [...TINY, "--data", "corpus.jsonl", "--eval-every", "25", "--eval-batches", "1"];
const QUIET = [...COMMON, "--quiet"];

/** The lines of a process's output that hold a word. */
function linesWith(text: string, word: string): string[] {
  return text.split("\n").filter((line) => line.includes(word));
}

Deno.test(
  { name: "mpi: processes take the steps of one", ignore: INSTALLED.length === 0 },
  async (t) => {
    await using directory = await corpusDirectory();
    const cwd = directory.path;
    const lossesOf = async (out: string) =>
      (await readLosses(`${cwd}/${out}`)).flatMap(({ loss, val_loss = 0 }) => [loss, val_loss]);
    const assertSameLosses = async (out: string, as: string, steps: number, relative: number) => {
      const [losses, expected] = [await lossesOf(out), await lossesOf(as)];
      assertEquals([losses.length, expected.length], [2 * steps, 2 * steps]);
      losses.forEach((loss, i) => assertAlmostEquals(loss, expected[i], relative * expected[i]));
    };

    await t.step("with the same losses, told and written once", async () => {
      await runTask("train", [...SELDOM, "--accumulate", "4", "--steps", "50", "--out", "one"], {
        cwd,
      });
      const args = [...SELDOM, "--json", "--verbose", "--accumulate", "2", "--steps", "25"];
      args.push("--out", "two");
      const { code, stdout, stderr } = await train(INSTALLED[0], 2, args, { cwd });
      assertEquals([code, stderr], [0, ""]);
      assertEquals(linesWith(stdout, '"event":"step"').length, 25);
      assertMatch(linesWith(stdout, '"event":"start"')[0], /"processes":2,"mpi":".*MPI/);
      assertMatch(linesWith(stdout, '"event":"step"')[0], /"reduce_wait_ms":\d/);
      assertStringIncludes(linesWith(stdout, '"event":"note"').join(), "polar factors");
    });

    await t.step("and go on as another number, under another MPI", async () => {
      const args = ["--resume", "two", "--no-autotune", "--accumulate", "1", "--steps", "50"];
      const { code, stdout } = await train(INSTALLED.at(-1)!, 4, args, { cwd });
      assertEquals(code, 0);
      assertStringIncludes(
        stdout,
        "Changed: processes were 2, and are 4: a step is of 8 sequences still.",
      );
      await assertSameLosses("two", "one", 50, 1e-5);
    });

    await t.step(
      "also with the full vocabulary, in 16 bits, computing activations twice",
      async () => {
        const shape = "--layers 1 --heads 1 --width 8 --context 8 --batch 1 --vocab full";
        const how = "--precision f16 --recompute --no-autotune --steps 2 --eval-batches 1 --quiet";
        const args = ["--data", "corpus.jsonl", ...`${shape} ${how}`.split(" ")];
        await runTask("train", [...args, "--accumulate", "2", "--out", "half"], { cwd });
        await train(INSTALLED.at(-1)!, 2, [...args, "--out", "halves"], { cwd });
        // A bit that is rounded otherwise is 2^-11 of an activation.
        await assertSameLosses("halves", "half", 2, 1e-4);
      },
    );

    await t.step("or some by themselves, and then one by how far all have come", async () => {
      const args = [...COMMON, "--json", "--sync-every", "2", "--steps", "3", "--out", "own"];
      const { code, stdout, stderr } = await train(INSTALLED[0], 2, args, { cwd });
      assertEquals([code, stderr], [0, ""]);
      const waits = linesWith(stdout, '"event":"step"')
        .map((line) => JSON.parse(line).reduce_wait_ms > 0);
      assertEquals(waits, [false, true, true]);
    });

    await t.step("and tells once that it was called wrongly", async () => {
      const { code, stderr } = await train(INSTALLED[0], 2, ["--stps", "4"], { cwd });
      assertEquals(code, 2);
      assertEquals(linesWith(stderr, "error:"), [
        "error: unknown option '--stps': did you mean --steps?",
      ]);
    });

    await t.step("and which process was, if it was one", async () => {
      const script = 'case $OMPI_COMM_WORLD_RANK$PMI_RANK in 1) set -- "$@" $WRONG ;; esac\n' +
        'exec "$@"';
      const errorOf = async (wrong: string) => {
        const args = [...QUIET, "--steps", "4", "--out", "other"];
        const how = { cwd, script, env: { WRONG: wrong } };
        const { code, stderr } = await train(INSTALLED.at(-1)!, 2, args, how);
        return [code, ...linesWith(stderr, "error:").map((line) => line.replace(/on \S+/, "on _"))];
      };
      assertEquals(await errorOf("--stps 4"), [
        2,
        "error: process 1 of 2 on _ unknown option '--stps': did you mean --steps?",
      ]);
      assertEquals(await errorOf("--accumulate 2"), [
        2,
        "error: process 1 of 2 on _ was started with other options than the first one",
      ]);
    });
  },
);

Deno.test({
  name: "mpi: processes on two hosts take the steps of one (skipped without network namespaces)",
  ignore: INSTALLED.length === 0 || !await TwoHosts.areAllowed(),
  async fn() {
    await using directory = await corpusDirectory();
    await using hosts = await TwoHosts.open();
    const cwd = directory.path;
    const args = [...COMMON, "--steps", "2", "--out"];
    await runTask("train", [...args, "one", "--accumulate", "2", "--quiet"], { cwd });
    const { stdout } = await train(hosts.over(INSTALLED.at(-1)!, 1), 2, [...args, "two"], { cwd });
    assertStringIncludes(stdout, " in each of 2 processes on 2 hosts, to two");
    const [one, two] = [await readLosses(`${cwd}/one`), await readLosses(`${cwd}/two`)];
    assertEquals(two.length, 2);
    two.forEach(({ loss }, i) => assertAlmostEquals(loss, one[i].loss, 1e-5 * loss));
  },
});

for (const mpi of INSTALLED) {
  Deno.test(`mpi: under ${mpi.name} all end where one cannot go on`, async () => {
    await using directory = await corpusDirectory();
    const cwd = directory.path;
    await Deno.mkdir(`${cwd}/elsewhere`);
    const args = [...QUIET, "--steps", "4", "--out", "three"];
    const script = "case $OMPI_COMM_WORLD_RANK$PMI_RANK in 1) INIT_CWD=$PWD/elsewhere ;; esac\n" +
      'exec "$@"';
    const { code, stdout, stderr } = await train(mpi, 2, args, { cwd, script });
    assertEquals([code, stdout], [1, ""]);
    assertMatch(
      linesWith(stderr, "error:").join(),
      /^error: process 1 of 2 on .+: no such file or directory: corpus.jsonl$/,
    );
  });

  Deno.test(`mpi: under ${mpi.name} SIGTERM saves, as for one process`, async () => {
    await using directory = await corpusDirectory();
    const cwd = directory.path;
    const args = [...COMMON, "--json", "--steps", "100000", "--out", "run"];
    // Open MPI leaves a process a second to save, unless told otherwise.
    const env = { OMPI_MCA_odls_base_sigkill_timeout: "4" };
    const child = startTraining(mpi, 2, args, { cwd, env, program: RUN });
    const errors = new Response(child.stderr).text();
    const events: string[] = [];
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      const { event, step } = JSON.parse(line);
      events.push(event);
      if (event === "step" && step === 3) child.kill("SIGTERM");
    }
    await child.status;
    await errors;
    assertEquals(events.slice(-2), ["save", "end"]);
    assertEquals(events.filter((event) => event === "stopping"), ["stopping"]);
  });

  const killed = mpi === INSTALLED[0] ? 0 : 1;
  Deno.test(`mpi: under ${mpi.name} all end where process ${killed} is killed`, async () => {
    await using directory = await corpusDirectory();
    const cwd = directory.path;
    const out = `${cwd}/run`;
    const args = [...COMMON, "--json", "--steps", "100000", "--out", out];
    const child = startTraining(mpi, 2, args, { cwd, program: RUN });
    const errors = new Response(child.stderr).text();
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      if (!line.includes('"event":"save","step":2,')) continue;
      Deno.kill(await processOf(killed, out), "SIGKILL");
    }
    const { code } = await child.status;
    assertEquals(code, 1);
    const [told, ...others] = linesWith(await errors, "error:");
    assertMatch(
      told,
      new RegExp(`^error: process ${killed} of 2 on .+ is gone: it was killed, or`),
    );
    assertMatch(told, new RegExp(`; the last checkpoint is ${out}/checkpoints/step-\\d+$`));
    assertEquals(others, []);
  });
}
