import { createHash } from "node:crypto";
import { type FileRequest, FileServer, type Reply, serveFile } from "../data/file_server.ts";

/** A commit's name. */
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** A model on a {@linkcode HubServer}. */
export interface HubModel {
  files: Record<string, Uint8Array>;
  /** Only for who has this token. */
  token?: string;
}

/** The SHA-256 of a file. */
export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Git's name for the content of a file. */
export function gitName(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

/**
 * A server that answers as the Hugging Face Hub does: small files itself, safetensors by a
 * redirection to another server.
 */
export class HubServer implements AsyncDisposable {
  readonly hub: FileServer;
  readonly cdn: FileServer;
  /** Changes what the second server answers. */
  disturb: (reply: Reply, request: FileRequest) => Reply = (reply) => reply;
  /** Changes what the hub says of its files. */
  disguise: (headers: Record<string, string>) => Record<string, string> = (headers) => headers;
  /** Requests that came with a token, by server. */
  readonly authorized: string[] = [];

  constructor(readonly models: Record<string, HubModel>) {
    this.hub = new FileServer((request) => this.#answer(request));
    this.cdn = new FileServer((request) => this.#serve(request));
  }

  get url(): string {
    return this.hub.url;
  }

  #answer(request: FileRequest): Reply {
    const { method, path, headers } = request;
    const authorization = headers.get("authorization");
    if (authorization) this.authorized.push(`hub ${method} ${path}`);
    const [, id, revision, file] = path.match(/^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/) ?? [];
    const model = this.models[id];
    if (!model || model.token !== undefined && authorization !== `Bearer ${model.token}`) {
      return { status: 401, headers: { "X-Error-Code": "RepoNotFound" } };
    }
    const content = model.files[file];
    if (!content || (revision !== "main" && revision !== COMMIT)) return { status: 404 };
    if (file.endsWith(".safetensors")) {
      return {
        status: 302,
        headers: this.disguise({
          "X-Repo-Commit": COMMIT,
          "X-Linked-Etag": `"${sha256(content)}"`,
          "X-Linked-Size": `${content.length}`,
          "Location": `${this.cdn.url}/${id}/${file}?signature=1`,
        }),
      };
    }
    const reply = serveFile(request, content, `"${gitName(content)}"`);
    const all = this.disguise({ "X-Repo-Commit": COMMIT, ...reply.headers });
    if (method !== "HEAD") return { ...reply, headers: all };
    return { ...reply, headers: all, body: "", length: content.length };
  }

  #serve(request: FileRequest): Reply {
    if (request.headers.has("authorization")) this.authorized.push(`cdn ${request.path}`);
    const [, id, file] = request.path.match(/^\/([^/]+\/[^/]+)\/(.+)\?signature=1$/) ?? [];
    const content = this.models[id]?.files[file];
    if (!content) return { status: 404 };
    return this.disturb(serveFile(request, content), request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    await this.cdn[Symbol.asyncDispose]();
  }
}
