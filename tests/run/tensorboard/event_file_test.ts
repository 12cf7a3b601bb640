import { assertAlmostEquals, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { StepMetrics } from "../../../src/run/metrics.ts";
import { EventFile } from "../../../src/run/tensorboard/event_file.ts";
import { crc32c } from "../../../src/run/tensorboard/record.ts";
import { TempDir } from "../../data/fixtures.ts";

/** Debian's, which has the package python3-protobuf; another one may come first on the path. */
const PYTHON = "/usr/bin/python3";

/** Whether Google's protobuf library for Python is here, by which what was written is read back. */
const { success: hasProtobuf } = await new Deno.Command(PYTHON, {
  args: ["-c", "import google.protobuf"],
  ...{ stdout: "null", stderr: "null" },
}).output().catch(() => ({ success: false }));

interface Event {
  wall_time: number;
  step: number;
  file_version: string;
  values: Record<string, number | string>;
}

/** The events of the only event file of a directory, as the library reads them. */
async function readEvents(directory: string): Promise<Event[]> {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
  const files = names.filter((name) => name.includes("tfevents"));
  assertEquals(files.length, 1);
  const script = fromFileUrl(new URL("read_events.py", import.meta.url));
  const { stdout } = await new Deno.Command(PYTHON, {
    args: [script, `${directory}/${files[0]}`],
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}

function metrics(step: number, more: Partial<StepMetrics> = {}): StepMetrics {
  const rates = { tokens_per_second: 100, data_wait_ms: 0.5, seconds: step * 2 };
  return { step, tokens: step * 64, loss: 8 / step, ...rates, ...more };
}

Deno.test("crc32c has the values of RFC 3720", () => {
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

Deno.test({
  name: "an event file is read by another implementation, each step once, however often it goes on",
  ignore: !hasProtobuf,
}, async () => {
  await using directory = new TempDir();
  const { path } = directory;
  const norms = { vectors: { gradient: 1, update: 2, weight: 3 } };
  const long = `"ü"\n${"x".repeat(300_000)}`;
  {
    using file = await EventFile.open(path, { steps: [], samples: [] }, () => 5_000_000);
    const some = { eta: 0.5, val_loss: 7, norms, epochs: [3, 0] };
    const rare = { skipped: true, loss_scale: 512, reduce_wait_ms: 4 } as const;
    file.addStep(metrics(1, { ...some, ...rare }));
    file.addStep(metrics(2));
    file.addSample({ step: 2, text: long });
    file.addStep(metrics(3_000_000_000)); // after the checkpoint
  }
  const first = await readEvents(path);
  assertEquals(first.map(({ step }) => step), [0, 1, 2, 2, 3_000_000_000]);
  assertEquals(first[0].file_version, "brain.Event:2");
  assertEquals(first[1].values, {
    ...{ "loss/training": 8, "loss/validation": 7, "step/eta": 0.5, "step/skipped": 1 },
    ...{ "step/loss_scale": 512, "speed/reduce_wait_ms": 4, "speed/seconds": 2 },
    ...{ "speed/tokens_per_second": 100, "speed/data_wait_ms": 0.5, "speed/tokens": 64 },
    ...{ "epochs/source_1": 3, "epochs/source_2": 0 },
    ...{ "gradient/vectors": 1, "update/vectors": 2, "weight/vectors": 3 },
  });
  assertEquals(first[3].values, { sample: long });
  assertEquals(first.map(({ wall_time }) => wall_time), [5000, 5000, 5000, 5000, 5000]);
  {
    const past = { steps: [metrics(1), metrics(2)], samples: [{ step: 2, text: "two" }] };
    using file = await EventFile.open(path, past, () => 6_000_000);
    file.addStep(metrics(3));
  }
  const second = await readEvents(path);
  const told = second.map(({ step, values }) => [step, values["loss/training"] ?? values.sample]);
  assertEquals(told.slice(1, 4), [[1, 8], [2, 4], [2, "two"]]);
  assertEquals(told[4][0], 3);
  assertAlmostEquals(Number(told[4][1]), 8 / 3, 1e-6);
  assertEquals(second.map(({ wall_time }) => wall_time), [5996, 5998, 6000, 6000, 6000]);
});
