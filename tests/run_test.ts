import { existsSync } from "node:fs";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

/** The tools of every system that `run` needs; all others it finds are the fakes below. */
const TOOLS = ["awk", "cat", "chmod", "cp", "dirname", "env", "mkdir", "rm", "sed", "sh", "true"];

/** A Deno that knows its version, the adapter's presence by a file, and how it was called. */
const DENO = (version: string) => `
case $1 in
--version) echo "deno ${version} (stable, release, x86_64-unknown-linux-gnu)" ;;
eval) [ -e "$MACHINE/adapter" ] ;;
task) printf '%s\\n' "$0" "$DENO_WEBGPU_BACKEND" "$INIT_CWD" "$@" ;;
esac`;

const LOG = `echo "\${0##*/} $*" >>"$MACHINE/log"`;

/** What Mesa's package does. */
const APT_GET = `${LOG}
case $* in *mesa-vulkan-drivers*) : >"$MACHINE/adapter" ;; esac`;

/** npm install --prefix $3, of a Deno. */
const NPM = `${LOG}
mkdir -p "$3/node_modules/@deno/linux" && cp "$MACHINE/new-deno" "$3/node_modules/@deno/linux/deno"`;

/** Commands by name, each the body of a shell script. */
type Commands = Record<string, string>;

/** A machine that has these commands only. */
class Machine implements AsyncDisposable {
  #directory = Deno.makeTempDirSync();
  readonly project = `${this.#directory}/a project`;

  constructor(commands: Commands, { adapter }: { adapter: boolean }) {
    const bin = `${this.#directory}/bin`;
    for (const path of [bin, this.project]) Deno.mkdirSync(path);
    Deno.copyFileSync(new URL("../run", import.meta.url), `${this.project}/run`);
    const script = (path: string, body: string) =>
      Deno.writeTextFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    for (const tool of TOOLS) {
      const places = ["/bin", "/usr/bin"].map((place) => `${place}/${tool}`);
      Deno.symlinkSync(places.find((path) => existsSync(path)) ?? places[0], `${bin}/${tool}`);
    }
    script(`${bin}/uname`, "echo Linux");
    for (const [name, body] of Object.entries(commands)) script(`${bin}/${name}`, body);
    script(`${this.#directory}/new-deno`, DENO("2.9.6"));
    if (adapter) Deno.writeTextFileSync(`${this.#directory}/adapter`, "");
  }

  async run(...args: string[]) {
    const { code, stdout, stderr } = await new Deno.Command(`${this.project}/run`, {
      args,
      cwd: "/",
      clearEnv: true,
      env: { PATH: `${this.#directory}/bin`, MACHINE: this.#directory, INIT_CWD: "/elsewhere" },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  /** The package managers' calls so far. */
  get log(): string[] {
    try {
      return Deno.readTextFileSync(`${this.#directory}/log`).split("\n").slice(0, -1);
    } catch {
      return [];
    }
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.#directory, { recursive: true });
  }
}

const ROOT = { id: "echo 0", "apt-get": APT_GET };
const USER = { id: "echo 1000", "apt-get": APT_GET };
const UPDATE = "apt-get update -q";
const INSTALL = "apt-get install -q -y --no-install-recommends mesa-vulkan-drivers libvulkan1";

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name: `./run ${name}`, ignore: Deno.build.os === "windows", fn });
}

test("with all there installs nothing and passes on arguments and directory", async () => {
  await using machine = new Machine({ ...ROOT, npm: NPM, deno: DENO("2.10.0") }, { adapter: true });
  const args = ["--data", "a b/*.zst", "$HOME", "", "-h"];
  const { code, stdout, stderr } = await machine.run("train", ...args);
  assertEquals(stderr, "");
  assertEquals(code, 0);
  const [, ...rest] = stdout.split("\n");
  const config = `${machine.project}/deno.json`;
  assertEquals(rest, ["vulkan", "/", "task", "--quiet", "--config", config, "train", ...args, ""]);
  assertEquals(machine.log, []);
});

test("without a task prints its usage", async () => {
  await using machine = new Machine({}, { adapter: true });
  const wrong = await machine.run();
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertStringIncludes(wrong.stderr, "Usage: ./run <task>");
  const help = await machine.run("--help");
  assertEquals([help.code, help.stdout, help.stderr], [0, wrong.stderr, ""]);
});

test("lists the tasks of deno.json, a line each", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  const expected = Object.entries(config.tasks as Record<string, { description: string }>)
    .map(([name, { description }]) => `  ./run ${name.padEnd(9)} ${description}`);
  await using machine = new Machine({}, { adapter: true });
  const { stdout } = await machine.run("--help");
  assertEquals(stdout.match(/^ {2}\.\/run .*/gm), expected);
});

test("refuses an unknown task before anything is installed, naming the nearest", async () => {
  await using machine = new Machine({ ...ROOT, npm: NPM }, { adapter: false });
  for (const [given, near] of [["trian", "train"], ["smaple", "sample"], ["tests", "test"]]) {
    const { code, stdout, stderr } = await machine.run(given, "--help");
    assertEquals([code, stdout], [2, ""]);
    const message = `there is no task '${given}': did you mean ./run ${near}? ./run lists all`;
    assertEquals(stderr, `run: ${message}\n`);
  }
  assertEquals(machine.log, []);
});

test("tells its version, and that the task comes before options, without an installation", async () => {
  await using machine = new Machine({ ...ROOT, npm: NPM }, { adapter: false });
  const config = new URL("../deno.json", import.meta.url);
  await Deno.copyFile(config, `${machine.project}/deno.json`);
  const version = await machine.run("--version");
  const { name, version: number } = JSON.parse(await Deno.readTextFile(config));
  assertEquals([version.code, version.stdout, version.stderr], [0, `${name} ${number}\n`, ""]);
  const early = await machine.run("--steps", "3");
  const message = "run: the task comes first, as in ./run train --steps: ./run lists all\n";
  assertEquals([early.code, early.stdout, early.stderr], [2, "", message]);
  assertEquals(machine.log, []);
});

test("fetches Deno once, if there is none or too old a one", async () => {
  for (const commands of [ROOT, { ...ROOT, deno: DENO("2.8.3") }, { ...ROOT, deno: "exit 127" }]) {
    await using machine = new Machine({ ...commands, npm: NPM }, { adapter: true });
    const { code, stdout, stderr } = await machine.run("test");
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "run: installing Deno 2.9.6 from npm into ");
    assertMatch(stdout, /^\S* project\/\.deno\/node_modules\/@deno\/linux\/deno\n/);
    assertEquals(machine.log.length, 1);
    assertEquals((await machine.run("test")).stderr, "");
    assertEquals(machine.log.length, 1);
  }
});

test("without a way to fetch Deno says so", async () => {
  const machines: Commands[] = [{}, { npm: "echo 'npm error network' >&2; exit 1" }];
  for (const commands of machines) {
    await using machine = new Machine(commands, { adapter: true });
    const { code, stderr } = await machine.run("test");
    assertEquals(code, 1);
    assertMatch(stderr, /run: could not install Deno: install it as https:\/\/deno.com says/);
  }
});

test("as root installs a driver, saying so", async () => {
  await using machine = new Machine({ ...ROOT, deno: DENO("2.9.6") }, { adapter: false });
  const { code, stderr } = await machine.run("train");
  assertEquals(code, 0);
  assertEquals(stderr.split("\n").map((line) => line.replace("run: ", "").trim()), [
    "no WebGPU adapter: installing Mesa's software Vulkan driver and the Vulkan loader with",
    ...[UPDATE, INSTALL, ""],
  ]);
  assertEquals(machine.log, [UPDATE, INSTALL]);
});

test("installs no driver for help, nor for a task that does without", async () => {
  await using machine = new Machine({ ...ROOT, deno: DENO("2.9.6") }, { adapter: false });
  for (
    const args of [["train", "--help"], ["sample", "-h"], ["inspect"], ["prepare", "--out", "a"]]
  ) {
    const { code, stderr } = await machine.run(...args);
    assertEquals([code, stderr], [0, ""]);
  }
  assertEquals(machine.log, []);
});

test("uses sudo if it asks for no password", async () => {
  const sudo = `${LOG}\nshift; exec "$@"`;
  await using machine = new Machine({ ...USER, sudo, deno: DENO("2.9.6") }, { adapter: false });
  assertEquals((await machine.run("train")).code, 0);
  const env = "sudo -n env DEBIAN_FRONTEND=noninteractive";
  assertEquals(
    machine.log,
    ["sudo -n true", `${env} ${UPDATE}`, UPDATE, `${env} ${INSTALL}`, INSTALL],
  );
});

test("without the right to install says what to install, a line to paste", async () => {
  const user: Commands = { ...USER, deno: DENO("2.9.6") };
  for (const [commands, sudo] of [[user, ""], [{ ...user, sudo: "exit 1" }, "sudo "]] as const) {
    await using machine = new Machine(commands, { adapter: false });
    const { code, stdout, stderr } = await machine.run("train");
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, `run:     ${sudo}${UPDATE} && ${sudo}${INSTALL}\nrun: and`);
    assertEquals(machine.log, []);
  }
});

test("says if the driver did not help, or could not be installed", async () => {
  const deno = DENO("2.9.6");
  for (
    const [aptGet, message] of [
      [LOG, "the driver is installed, but there is still no WebGPU adapter"],
      ["exit 100", "could not install the driver"],
    ]
  ) {
    await using machine = new Machine({ ...ROOT, "apt-get": aptGet, deno }, { adapter: false });
    const { code, stderr } = await machine.run("train");
    assertEquals(code, 1);
    assertStringIncludes(stderr, `run: ${message}`);
  }
});
