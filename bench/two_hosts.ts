const ADDRESSES = ["10.222.0.1", "10.222.0.2"];
const NAMES = ["first", "second"];

/** An MPI's launcher, and what it is called with. */
export interface Launcher {
  name: string;
  launcher: string;
  options: string[];
}

/**
 * Two hosts within this one: network namespaces, joined by a cable of nothing but software, each with
 * a name of its own. Nobody but the superuser may make such.
 */
export class TwoHosts implements AsyncDisposable {
  readonly #names = NAMES.map((name) => `agd-${name}-${Deno.pid}`);
  readonly #ends = NAMES.map((_, i) => `agd${Deno.pid}.${i}`);
  #agent = "";

  private constructor() {}

  /** Whether this system lets there be any. */
  static async areAllowed(): Promise<boolean> {
    try {
      await using _ = await TwoHosts.open();
      return true;
    } catch {
      return false;
    }
  }

  /** Makes them. */
  static async open(): Promise<TwoHosts> {
    const hosts = new TwoHosts();
    const [first, second] = hosts.#names;
    try {
      for (const name of hosts.#names) await run("ip", "netns", "add", name);
      await run("unshare", "--uts", "true");
      const [near, far] = hosts.#ends;
      const peer = ["peer", "name", far, "netns", second];
      await run("ip", "link", "add", near, "netns", first, "type", "veth", ...peer);
      for (const [i, name] of hosts.#names.entries()) {
        const end = hosts.#ends[i];
        await run("ip", "-n", name, "addr", "add", `${ADDRESSES[i]}/24`, "dev", end);
        await run("ip", "-n", name, "link", "set", end, "up");
        await run("ip", "-n", name, "link", "set", "lo", "up");
      }
      hosts.#agent = await hosts.#writeAgent();
      return hosts;
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A launcher that is called on the first host, and starts so many processes on each. */
  over({ name, launcher, options }: Launcher, each: number): Launcher {
    const list = ADDRESSES.map((address) => `${address}:${each}`).join();
    const across = name === "MPICH"
      ? ["-launcher", "ssh", "-launcher-exec", this.#agent, "-iface", this.#ends[0], "-hosts", list]
      : [
        ...["--host", list, "--mca", "plm_rsh_agent", this.#agent],
        ...["--mca", "oob_tcp_if_include", this.#ends.join()],
        ...["--mca", "btl_tcp_if_include", this.#ends.join()],
      ];
    const [command, ...before] = this.#inside(0);
    return { name, launcher: command, options: [...before, launcher, ...options, ...across] };
  }

  /** Lets no more through than so many bits a second, each way. */
  async limit(bitsPerSecond: number): Promise<void> {
    for (const [i, name] of this.#names.entries()) {
      const queue = [
        "root",
        "tbf",
        "rate",
        `${bitsPerSecond}bit`,
        "burst",
        "256k",
        "latency",
        "50ms",
      ];
      await run("tc", "-n", name, "qdisc", "replace", "dev", this.#ends[i], ...queue);
    }
  }

  /** What a command is started by on a host. */
  #inside(host: number): string[] {
    const rename = `hostname ${NAMES[host]} && exec "$@"`;
    return ["ip", "netns", "exec", this.#names[host], "unshare", "--uts", "sh", "-c", rename, "sh"];
  }

  /** Stands in for ssh: gets options, a host's address and a command line. */
  async #writeAgent(): Promise<string> {
    const path = await Deno.makeTempFile({ prefix: "agent-" });
    const cases = ADDRESSES.map((address, i) =>
      `${address}) shift; exec ${this.#inside(i).map(quote).join(" ")} sh -c "$*" ;;`
    );
    const script = `#!/bin/sh\nwhile :; do\n  case $1 in\n  ${
      cases.join("\n  ")
    }\n  esac\n  shift\ndone\n`;
    await Deno.writeTextFile(path, script);
    await Deno.chmod(path, 0o700);
    return path;
  }

  /** Removes them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names) await run("ip", "netns", "del", name).catch(() => {});
    if (this.#agent) await Deno.remove(this.#agent);
  }
}

function quote(word: string): string {
  return `'${word}'`;
}

/** @throws {Error} If the command fails, or is not there. */
async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, {
    ...{ args, stdout: "null", stderr: "piped" },
  }).output();
  if (!success) {
    throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}
