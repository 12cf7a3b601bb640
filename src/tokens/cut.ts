/**
 * Where to cut text so that a piece from `start` on has at most `length` characters. The text must
 * go on after that.
 */
export function cut(text: string, start: number, length: number): number {
  let space = 0;
  for (let at = start + length; at > start; at--) {
    if (!/^\p{White_Space}\P{White_Space}/u.test(text.slice(at, at + 2))) continue;
    if (text[at] === "\n") return at;
    space ||= at;
  }
  if (space) return space;
  const end = start + length;
  return /[\uD800-\uDBFF]/.test(text[end - 1]) ? end - 1 : end; // never inside a surrogate pair
}
