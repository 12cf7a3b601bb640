import { assertEquals } from "@std/assert";
import { reportMarkdown } from "../../bench/markdown.ts";

const NAMES = ["data", "kernels", "phases", "steps", "scaling"];

Deno.test("reportMarkdown: steps, the chart, and the others folded", async () => {
  const text = reportMarkdown({
    ...{ adapter: "A (1)", processors: 2, deno: "2.9.6", date: "2026-01-31" },
    results: {
      kernels: [{ name: "GELU", ms: 1.5 }],
      steps: [{ name: "tiny", "tokens/s": 15 }, { name: "large", skipped: "it does not fit" }],
      scaling: [{ name: "width 8", "µs a token": 1 }],
    },
  }, NAMES);
  assertEquals(
    text,
    `On A (1), 2 processors, Deno 2.9.6, 2026-01-31:

|      | tokens/s |
| ---- | -------: |
| tiny |       15 |

- large: skipped, it does not fit

![Time per token](bench/results/a-1.svg)

<details><summary>Each operation (<code>kernels</code>)</summary>

|      |  ms |
| ---- | --: |
| GELU | 1.5 |

</details>

<details><summary>Time per token (<code>scaling</code>)</summary>

|         | µs a token |
| ------- | ---------: |
| width 8 |          1 |

</details>`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext=md", "--line-width=100", "-"],
    ...{ stdin: "piped", stdout: "piped" },
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(text + "\n"));
  await input.close();
  assertEquals(new TextDecoder().decode((await child.output()).stdout), text + "\n");
});

Deno.test("reportMarkdown: timestamps that do not count nanoseconds are told of", () => {
  const report = { adapter: "A", processors: 2, deno: "2.9.6", date: "2026-01-31", results: {} };
  assertEquals(
    reportMarkdown({ ...report, tick: 1e9 / 19.2e6 }, NAMES),
    "On A, timestamps of 52.08 ns, 2 processors, Deno 2.9.6, 2026-01-31:",
  );
});
