// PREFIX lines: those that a query uses and lacks are written above it, so that it runs anywhere.
import type { Text } from "@codemirror/state";

const SKIPPED = /<[^<>"{}|^`\\\s]*>|"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#.*/g;
const DECLARED = /\bPREFIX\s+([\w.-]*):/gi;
const USED = /(?<![\w?$@:-])([A-Za-z][\w-]*):/g;

/** Return the known prefixes that a query uses and does not declare. */
export function missing(query: string, known: Record<string, string>): string[] {
  const bare = query.replace(SKIPPED, (text) => " ".repeat(text.length));
  const declared = new Set([...bare.matchAll(DECLARED)].map((match) => match[1]));
  const used = new Set([...bare.matchAll(USED)].map((match) => match[1] ?? ""));
  return [...used].filter((prefix) => prefix in known && !declared.has(prefix)).sort();
}

/** Return the change that declares prefixes, below the PREFIX lines that are there. */
export function declaring(doc: Text, prefixes: string[], known: Record<string, string>): { from: number; insert: string } {
  let place = 0;
  for (let number = 1; number <= doc.lines; number++) {
    const line = doc.line(number);
    if (/^\s*(PREFIX|BASE)\b/i.test(line.text)) place = Math.min(line.to + 1, doc.length);
    else if (/^\s*[^\s#]/.test(line.text)) break;
  }
  const lines = prefixes.map((prefix) => `PREFIX ${prefix}: <${known[prefix] ?? ""}>\n`).join("");
  const broken = place > 0 && doc.sliceString(place - 1, place) !== "\n";
  return { from: place, insert: broken ? `\n${lines}` : lines };
}
