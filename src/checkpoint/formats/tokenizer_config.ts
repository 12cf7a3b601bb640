import { isObject } from "../../json.ts";
import { quote } from "../../quote.ts";
import type { Fail } from "./tokenizer_json.ts";

/** Hugging Face's classes for which vocab.json and merges.txt are what they are here. */
const CLASSES: readonly unknown[] = ["GPT2Tokenizer", "GPT2TokenizerFast"];

/**
 * Makes sure that a tokenizer_config.json asks for nothing but a byte-level byte-pair encoding with
 * GPT-2's split of text into words.
 *
 * @param isWhole Whether a tokenizer.json says what the encoding is, whatever the class.
 * @throws What `fail` makes, if it does; what is not supported is named.
 */
export function checkTokenizerConfig(json: unknown, isWhole: boolean, fail: Fail): void {
  if (!isObject(json)) throw fail("is no object of settings");
  if (!isWhole) checkTokenizerClass(json.tokenizer_class, fail);
  // Hugging Face's tokenizer takes this before what tokenizer.json says.
  if (json.add_prefix_space) throw fail("has add_prefix_space, which is not supported");
}

/**
 * Makes sure that the class of a tokenizer, if it is said, is GPT-2's.
 *
 * @throws What `fail` makes, if it is another.
 */
export function checkTokenizerClass(name: unknown, fail: Fail): void {
  if (name === undefined || name === null || CLASSES.includes(name)) return;
  throw fail(
    `has the tokenizer_class ${quote(name)}: without a tokenizer.json only ${
      CLASSES[0]
    } is supported`,
  );
}
