import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { copyMetrics, MetricsLog, readMetrics, type StepMetrics } from "../../src/run/metrics.ts";

async function withPath(body: (path: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  try {
    await body(`${directory}/metrics.jsonl`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const FIRST: StepMetrics = {
  ...{ step: 1, tokens: 2048, loss: 10.5, val_loss: 10.25, eta: 0.125 },
  ...{ tokens_per_second: 1000, data_wait_ms: 0.5 },
};
const SECOND: StepMetrics = {
  ...{ step: 2, tokens: 4096, loss: 9, tokens_per_second: 1024, data_wait_ms: 0, host_ms: 3 },
};

Deno.test("a step is in the file as soon as it is appended", () =>
  withPath(async (path) => {
    using log = new MetricsLog(path);
    assertEquals(await Deno.readTextFile(path), "");
    log.append(FIRST);
    assertEquals(
      await Deno.readTextFile(path),
      '{"step":1,"tokens":2048,"loss":10.5,"val_loss":10.25,"eta":0.125,' +
        '"tokens_per_second":1000,"data_wait_ms":0.5}\n',
    );
    log.append(SECOND);
    assertEquals(await readMetrics(path), [FIRST, SECOND]);
  }));

Deno.test("a log is appended to, after its last whole line", () =>
  withPath(async (path) => {
    {
      using log = new MetricsLog(path);
      log.append(FIRST);
    }
    await Deno.writeTextFile(path, '{"step":2,"tok', { append: true });
    assertEquals(await readMetrics(path), [FIRST]);

    using log = new MetricsLog(path);
    log.append(SECOND);
    assertEquals(await readMetrics(path), [FIRST, SECOND]);
    assertMatch(await Deno.readTextFile(path), /^[^\n]+\n[^\n]+\n$/);
  }));

Deno.test("a loss that is not finite comes back as NaN", () =>
  withPath(async (path) => {
    using log = new MetricsLog(path);
    log.append({ ...SECOND, loss: NaN, eta: Infinity });
    assertEquals(await readMetrics(path), [{ ...SECOND, loss: NaN, eta: NaN }]);
  }));

Deno.test("norms, tasks and skipped steps come back as they were", () =>
  withPath(async (path) => {
    const norms = { mlp: { gradient: 12.5, update: 0.25, weight: 1.5 } };
    const steps: StepMetrics[] = [
      { ...FIRST, gradient_summary: 0.75, norms, tasks: { lambada: { acc: 0.5 } }, epochs: [0, 2] },
      { ...SECOND, skipped: true, loss_scale: 512 },
    ];
    using log = new MetricsLog(path);
    for (const step of steps) log.append(step);
    assertEquals(await readMetrics(path), steps);
    const norm = '"norms":{"mlp":{"gradient":1}}';
    for (
      const bad of [
        '"norms":3',
        norm,
        '"skipped":1',
        '"loss_scale":"1"',
        '"tasks":{"lambada":{"acc":"1"}}',
        '"epochs":1',
      ]
    ) {
      await Deno.writeTextFile(path, JSON.stringify(SECOND).replace("{", `{${bad},`) + "\n");
      await assertRejects(() => readMetrics(path), UserError, `${path}:1: not a training step`);
    }
  }));

Deno.test("readMetrics names the line that is not a step", () =>
  withPath(async (path) => {
    const good = JSON.stringify(SECOND);
    const bad: [string, string][] = [
      ['{"step":2', ":2: not JSON"],
      ["", ":2: not JSON"],
      ["null", ":2: not a training step"],
      ["[1]", ":2: not a training step"],
      ['{"step":2}', ":2: not a training step: needs the numbers step, tokens, loss"],
      [JSON.stringify({ ...SECOND, eta: "0.1" }), ":2: not a training step"],
    ];
    for (const [line, message] of bad) {
      await Deno.writeTextFile(path, `${good}\n${line}\n${good}\n`);
      await assertRejects(() => readMetrics(path), UserError, `${path}${message}`);
    }
  }));

Deno.test("a file that cannot be opened is named", () =>
  withPath(async (path) => {
    await assertRejects(() => readMetrics(path), UserError, `${path}: cannot read: `);
    const nowhere = `${path}/metrics.jsonl`;
    assertThrows(() => new MetricsLog(nowhere), UserError, `${nowhere}: cannot write: `);
  }));

Deno.test("steps are copied as they were, up to the last one wanted", () =>
  withPath(async (path) => {
    const lines = [FIRST, { ...SECOND, loss: null }, { ...SECOND, step: 3 }]
      .map((step) => JSON.stringify(step) + "\n");
    await Deno.writeTextFile(path, lines.join("") + '{"step":4');
    await copyMetrics(path, `${path}.copy`, 2);
    assertEquals(await Deno.readTextFile(`${path}.copy`), lines[0] + lines[1]);
    await copyMetrics(path, path, 1);
    assertEquals(await Deno.readTextFile(path), lines[0]);
    await copyMetrics(`${path}.none`, `${path}.new`, 1);
    await assertRejects(() => Deno.stat(`${path}.new`), Deno.errors.NotFound);
    await Deno.writeTextFile(path, "oops\n");
    await assertRejects(() => copyMetrics(path, path, 1), UserError, `${path}:1: not JSON`);
  }));

Deno.test("a log that is a link is refused, and a copy takes the place of one", () =>
  withPath(async (path) => {
    const line = JSON.stringify(FIRST) + "\n";
    await Deno.writeTextFile(`${path}.precious`, line + "half a line");
    await Deno.symlink(`${path}.precious`, path);
    const message = `${path} is a link, and nothing is written to where it leads: remove it`;
    assertThrows(() => new MetricsLog(path), UserError, message);
    await Deno.symlink(`${path}.precious`, `${path}.tmp`);
    await copyMetrics(path, path, 1);
    assertEquals(await Deno.readTextFile(path), line);
    assertEquals(await Deno.readTextFile(`${path}.precious`), line + "half a line");
  }));

Deno.test("a log that cannot be read on is closed", () =>
  withPath((path) => {
    const { openSync } = Deno;
    let closed = 0;
    Deno.openSync = (...args) => {
      const file = openSync(...args);
      const truncateSync = () => {
        throw Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
      };
      const dispose = () => {
        closed++;
        file.close();
      };
      return Object.assign(file, { truncateSync, [Symbol.dispose]: dispose });
    };
    try {
      assertThrows(() => new MetricsLog(path), UserError, "cannot write: Input/output error");
      assertEquals(closed, 1);
    } finally {
      Deno.openSync = openSync;
    }
    return Promise.resolve();
  }));
