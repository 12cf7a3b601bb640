import { fromFileUrl } from "@std/path";
import type { Arguments } from "./arguments.ts";

/** What `--data` names, or else the sample corpus. */
export function dataOption(options: Arguments): { data: string[]; isSample: boolean } {
  const data = options.list("data");
  if (data.length > 0) return { data, isSample: false };
  return { data: [fromFileUrl(new URL("../../data", import.meta.url))], isSample: true };
}
