import { assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { corpusDirectory, readLosses, runTask, TINY } from "./helpers.ts";
import { INSTALLED, processOf, RUN, startTraining, train } from "./mpi.ts";

const COMMON = [...TINY, "--data", "corpus.jsonl", "--eval-every", "2", "--eval-batches", "1"];
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

    await t.step("with the same losses, told and written once", async () => {
      await runTask("train", [...QUIET, "--accumulate", "4", "--steps", "6", "--out", "one"], {
        cwd,
      });
      const args = [...COMMON, "--json", "--verbose", "--accumulate", "2", "--steps", "4"];
      args.push("--out", "two");
      const { code, stdout, stderr } = await train(INSTALLED[0], 2, args, { cwd });
      assertEquals([code, stderr], [0, ""]);
      assertEquals(linesWith(stdout, '"event":"step"').length, 4);
      assertMatch(linesWith(stdout, '"event":"start"')[0], /"processes":2,"mpi":".*MPI/);
      assertMatch(linesWith(stdout, '"event":"step"')[0], /"reduce_wait_ms":\d/);
      assertStringIncludes(linesWith(stdout, '"event":"note"').join(), "polar factors");
    });

    await t.step("and go on as another number, under another MPI", async () => {
      const args = ["--resume", "two", "--no-autotune", "--accumulate", "1", "--steps", "6"];
      const { code, stdout } = await train(INSTALLED.at(-1)!, 4, args, { cwd });
      assertEquals(code, 0);
      assertStringIncludes(
        stdout,
        "Changed: processes were 2, and are 4: a step is of 8 sequences still.",
      );
      const [one, two] = [await lossesOf("one"), await lossesOf("two")];
      assertEquals(two.length, one.length);
      two.forEach((loss, i) => assertAlmostEquals(loss, one[i], 1e-5 * one[i]));
    });

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
  },
);

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
    const child = startTraining(mpi, 2, args, { cwd, env });
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
