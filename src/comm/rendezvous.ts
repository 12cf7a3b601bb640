/** Milliseconds for which the first process is tried to be reached. */
const CONNECT_MS = 5000;
/** Bytes of what each side says to show that it is no stranger. */
const KEY_BYTES = 16;

/** Where the first process listens, and what either side says. */
export interface Announcement {
  addresses: string[];
  port: number;
  /** What a process says who comes, before its number, and what it is answered; in hexadecimal. */
  words: [string, string];
}

/** Waits for the other processes. */
export interface Listener extends Disposable {
  readonly announcement: Announcement;
}

/**
 * Listens for the other processes at all of this host's addresses.
 *
 * @param onJoin Gets the number of a process that came, and the connection.
 * @returns Undefined where that is not permitted, or impossible.
 */
export function listenForOthers(
  onJoin: (rank: number, link: Deno.TcpConn) => void,
): Listener | undefined {
  if (!isPermitted()) return undefined;
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  } catch {
    return undefined;
  }
  const { port } = listener.addr as Deno.NetAddr;
  const addresses = Deno.networkInterfaces().filter(({ family }) => family === "IPv4")
    .map(({ address }) => address);
  const [word, answer] = [1, 2].map(() => crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
  const welcome = async (link: Deno.TcpConn) => {
    const said = await readAll(link, KEY_BYTES + 4);
    if (!said || said.subarray(0, KEY_BYTES).toHex() !== word.toHex()) return link.close();
    await link.write(answer);
    // Of several ways here a process takes one.
    const chosen = await readAll(link, 1);
    if (!chosen) return link.close();
    onJoin(new DataView(said.buffer).getUint32(KEY_BYTES), link);
    await link.write(chosen);
  };
  const accept = async () => {
    for await (const link of listener) welcome(link).catch(() => link.close());
  };
  accept().catch(() => {}); // closed, since all are here
  return {
    announcement: { addresses, port, words: [word.toHex(), answer.toHex()] },
    [Symbol.dispose]: () => listener.close(),
  };
}

/**
 * Connects to the first process by whichever of its addresses leads there.
 *
 * @returns Undefined if none does, or it is not permitted.
 */
export async function joinFirst(
  { addresses, port, words }: Announcement,
  rank: number,
): Promise<Deno.TcpConn | undefined> {
  if (!isPermitted()) return undefined;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), CONNECT_MS);
  const said = new Uint8Array(KEY_BYTES + 4);
  said.setFromHex(words[0]);
  new DataView(said.buffer).setUint32(KEY_BYTES, rank);
  const attempt = async (hostname: string) => {
    const link = await Deno.connect({ hostname, port, signal: over.signal });
    const close = () => link.close();
    over.signal.addEventListener("abort", close, { once: true });
    await link.write(said);
    const answer = await readAll(link, KEY_BYTES);
    if (answer?.toHex() !== words[1]) throw new Error("a stranger");
    over.signal.removeEventListener("abort", close);
    return link;
  };
  try {
    const link = await Promise.any(addresses.map(attempt));
    await link.write(Uint8Array.of(1));
    return await readAll(link, 1) && link;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

/** Whether connections may be made: nobody is asked for it. */
function isPermitted(): boolean {
  return Deno.permissions.querySync({ name: "net" }).state === "granted" &&
    Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" }).state === "granted";
}

/** So many bytes; undefined if the connection ends before. */
async function readAll(link: Deno.TcpConn, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await link.read(bytes.subarray(at));
    if (count === null) return undefined;
    at += count;
  }
  return bytes;
}
