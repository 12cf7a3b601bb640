/** The part of @std/path that is used; its npm packaging has no declarations. */
declare module "@std/path" {
  /** The path of a `file:` URL. */
  export function fromFileUrl(url: string | URL): string;
}
