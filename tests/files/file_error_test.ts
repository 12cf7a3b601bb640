import { assert, assertEquals } from "@std/assert";
import { UsageError, UserError } from "../../src/errors.ts";
import { fileError } from "../../src/files/file_error.ts";
import { TempDir } from "../data/fixtures.ts";

/** The error of the operating system with this code. */
const refusal = (code: string) => Object.assign(new Error(`${code} (os error 1)`), { code });

Deno.test("fileError: a refusal of the operating system has a code of ours", () => {
  const codes = {
    ...{ ENOENT: "NOT_FOUND", EEXIST: "EXISTS", EACCES: "PERMISSION", EROFS: "PERMISSION" },
    ...{ ENOSPC: "NO_SPACE", EDQUOT: "NO_SPACE", EIO: "FILE", EISDIR: "FILE" },
  };
  for (const [code, expected] of Object.entries(codes)) {
    const error = fileError(refusal(code), "a.txt: cannot write");
    assert(error instanceof UserError);
    assertEquals([error.message, error.code], [`a.txt: cannot write: ${code}`, expected]);
  }
});

Deno.test("fileError: what Deno itself throws", async () => {
  await using directory = new TempDir();
  const path = await directory.write("taken", "");
  const codeOf = (operation: () => void) => {
    try {
      operation();
    } catch (error) {
      return (fileError(error, path) as UserError).code;
    }
  };
  assertEquals(codeOf(() => Deno.statSync(`${path}-not`)), "NOT_FOUND");
  assertEquals(codeOf(() => Deno.mkdirSync(path)), "EXISTS");
  assertEquals(codeOf(() => Deno.readTextFileSync(directory.path)), "FILE");
  assertEquals(
    codeOf(() => {
      throw new Deno.errors.NotCapable("Requires write access");
    }),
    "PERMISSION",
  );
});

Deno.test("fileError: a defect, and what is the user's already, stay themselves", () => {
  for (const error of [new TypeError("defect"), new UsageError("wrong"), "text", undefined]) {
    assertEquals(fileError(error, "a.txt: cannot read"), error);
  }
});

Deno.test("fileError: errors that Deno has no code for are known by their number", () => {
  for (const number of [27, 37, 38, 74, 116, 117, 121, 122]) {
    const thrown = new Error(`Disk quota exceeded (os error ${number})`);
    const error = fileError(thrown, "run/a: cannot write");
    assert(error instanceof UserError, String(number));
    assertEquals(error.message, "run/a: cannot write: Disk quota exceeded");
    if (Deno.build.os === "linux") assertEquals(error.code, number === 122 ? "NO_SPACE" : "FILE");
  }
});
