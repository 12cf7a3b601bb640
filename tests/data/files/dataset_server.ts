import { type FileRequest, FileServer, type Reply, serveFile } from "../file_server.ts";

/** The commit that branches of data sets lead to. */
export const COMMIT = "89abcdef0123456789abcdef0123456789abcdef";

/** A data set on a {@linkcode DatasetServer}. */
export interface HubDataset {
  /** By their paths. */
  files: Record<string, Uint8Array | string>;
  /** Only who has this token may read files; everybody may list them. */
  token?: string;
  /** What its card declares. */
  card?: unknown;
}

/** Files of an answer that lists them: few, so that there are several pages. */
const PAGE = 3;

/**
 * A server that answers as the Hugging Face Hub does about data sets: its API by revision and tree,
 * in pages, and files by a redirection to another server that gives parts of them.
 */
export class DatasetServer implements AsyncDisposable {
  readonly hub: FileServer;
  readonly cdn: FileServer;
  /** The commit of the branch `main`. */
  head = COMMIT;
  /** Requests that came with a token, by server. */
  readonly authorized: string[] = [];

  constructor(readonly datasets: Record<string, HubDataset>) {
    this.hub = new FileServer((request) => this.#answer(request));
    this.cdn = new FileServer((request) => {
      if (request.headers.has("authorization")) this.authorized.push(`cdn ${request.path}`);
      return serveFile(request, this.#content(request.path.slice(1))!);
    });
  }

  get url(): string {
    return this.hub.url;
  }

  #answer({ path, headers }: FileRequest): Reply {
    const authorization = headers.get("authorization");
    if (authorization) this.authorized.push(`hub ${path}`);
    const [, id, what, revision, rest] = path
      .match(/^\/api\/datasets\/([^/]+\/[^/]+)\/(revision|tree)\/([^/?]+)(?:\?(.*))?$/) ?? [];
    const dataset = this.datasets[id];
    if (id !== undefined) {
      if (!dataset) return { status: 401 };
      if (what === "revision") {
        return revision === "main" || revision === this.head
          ? { body: JSON.stringify({ sha: this.head, cardData: dataset.card }) }
          : { status: 404 };
      }
      return revision === this.head ? this.#list(path, dataset, rest) : { status: 404 };
    }
    const [, name, commit, file] = path
      .match(/^\/datasets\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/) ?? [];
    const { token } = this.datasets[name] ?? {};
    if (token !== undefined && authorization !== `Bearer ${token}`) return { status: 403 };
    const isThere = commit === this.head && this.#content(`${name}/${file}`) !== undefined;
    if (!isThere) return { status: 404 };
    return { status: 302, headers: { Location: `${this.cdn.url}/${name}/${file}` } };
  }

  #list(path: string, { files }: HubDataset, query: string): Reply {
    const all = Object.entries(files)
      .map(([path, content]) => ({ type: "file", path, size: bytesOf(content).length }));
    const first = Number(query.match(/cursor=(\d+)/)?.[1] ?? 0);
    const page = [{ type: "directory", path: "data", size: 0 }, ...all.slice(first, first + PAGE)];
    const next = `${this.url}${path.replace(/\?.*/, "")}?recursive=true&cursor=${first + PAGE}`;
    const headers = { Link: `<${next}>; rel="next"` };
    return {
      headers: first + PAGE < all.length ? headers : {},
      body: JSON.stringify(page),
    };
  }

  #content(path: string): Uint8Array | undefined {
    const [owner, name, ...rest] = decodeURIComponent(path).split("/");
    const content = this.datasets[`${owner}/${name}`]?.files[rest.join("/")];
    return content === undefined ? undefined : bytesOf(content);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    await this.cdn[Symbol.asyncDispose]();
  }
}

function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** Does something in an environment in which this is the hub, and the user has a token or none. */
export async function atHub<T>(
  server: { url: string },
  token: string | undefined,
  action: () => Promise<T>,
): Promise<T> {
  const set = (name: string, value?: string) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  const before = ["HF_ENDPOINT", "HF_TOKEN"].map((name) => [name, Deno.env.get(name)] as const);
  set("HF_ENDPOINT", `${server.url}/`);
  set("HF_TOKEN", token);
  try {
    return await action();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}
