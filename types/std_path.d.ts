/** The part of @std/path that is used; its npm packaging has no declarations. */
declare module "@std/path" {
  /** The path of a `file:` URL. */
  export function fromFileUrl(url: string | URL): string;
  /** The last part of a path. */
  export function basename(path: string): string;
  /** The directory that a path is in; that of the root is the root. */
  export function dirname(path: string): string;
  /** Paths put together, each below the one before. */
  export function join(...paths: string[]): string;
  /** The way from one path to another. */
  export function relative(from: string, to: string): string;
  /** The absolute path that paths lead to, each as seen from the one before. */
  export function resolve(...paths: string[]): string;
}
