/**
 * Text for a terminal: control characters but line breaks and tabs, which could move the cursor,
 * set titles or type for the user, become U+FFFD. Names, messages and samples may hold them.
 */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/[^\P{Cc}\n\t]/gu, "\uFFFD");
}
