import { UserError } from "../errors.ts";

/** A hub, and who asks it. */
export interface HubServer {
  /** Its address, without a slash at the end. */
  endpoint: string;
  /** The token of a user who may read what is private or gated. */
  token?: string;
}

/**
 * The hub that the environment names, where that is left out: `HF_ENDPOINT`, or else
 * https://huggingface.co, and `HF_TOKEN`. White space around either, as a file that it was read from
 * may have, does not count.
 *
 * @throws {UserError} If the endpoint is no address, or the token none.
 */
export function hubServer(options: Partial<HubServer> = {}): HubServer {
  const given = options.endpoint ?? Deno.env.get("HF_ENDPOINT") ?? "";
  const endpoint = given.trim() || "https://huggingface.co";
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new UserError(
      `HF_ENDPOINT is ${endpoint}, which is not an http(s):// address`,
      "NOT_FOUND",
    );
  }
  const token = (options.token ?? Deno.env.get("HF_TOKEN"))?.trim() || undefined;
  if (token !== undefined && !/^[!-~]+$/.test(token)) { // not shown: it is a secret
    throw new UserError(
      "HF_TOKEN is no token: it has white space or other such characters in it",
      "PERMISSION",
    );
  }
  return { endpoint: endpoint.replace(/\/+$/, ""), token };
}
