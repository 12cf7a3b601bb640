import { cacheDirectory, environmentPath } from "../files/cache_directory.ts";
import { UserError } from "../errors.ts";
import type { HttpOptions } from "../http/options.ts";
import { type HubServer, hubServer } from "../http/hub_server.ts";

/** Where models come from, and where they are kept. */
export interface HubOptions {
  /** Address of the hub. @default `HF_ENDPOINT`, or else https://huggingface.co */
  endpoint?: string;
  /** Token of a user who may read private and gated models. @default `HF_TOKEN` */
  token?: string;
  /**
   * Directory of Hugging Face's tools; models are in `hub` in it. @default `HF_HOME`, or else
   * `huggingface` in the user's cache directory
   */
  home?: string;
  /** How to bear with the network. */
  http?: HttpOptions;
}

/** Options with what the environment says in place of what is left out. */
export interface HubSettings extends HubServer {
  /** The directory that models are in. */
  cache: string;
  http: HttpOptions;
}

/**
 * Completes options from the environment. The cache is where Hugging Face's own tools keep theirs,
 * on every system: `$XDG_CACHE_HOME/huggingface`, or else `.cache/huggingface` in the user's home.
 *
 * @throws {UserError} If the endpoint is no address, the token none, or there is no home directory.
 */
export function hubSettings(options: HubOptions = {}): HubSettings {
  const { http = {} } = options;
  const { endpoint, token } = hubServer(options);
  const caches = cacheDirectory();
  const home = options.home ?? environmentPath("HF_HOME") ?? (caches && `${caches}/huggingface`);
  if (home === undefined) {
    throw new UserError(
      "there is no home directory to keep models in: set HF_HOME to a directory",
      "NOT_FOUND",
    );
  }
  return { endpoint, token, cache: `${home}/hub`, http };
}
