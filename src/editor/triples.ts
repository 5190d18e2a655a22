// What a query says so far: its triples, and which part of a triple stands at its end. Written for half queries.

export type Place = "top" | "subject" | "predicate" | "object" | "class" | "other";
/** A triple; of a path, the property that it begins with and that it ends with. `^` stands for one that is followed backwards. */
export interface Triple {
  subject: string;
  first: string;
  last: string;
  object: string;
}
export interface Read {
  triples: Triple[];
  place: Place;
  subject: string;
  /** The last property before the end. */
  property: string;
}

const TOKEN =
  /<[^<>"{}|^`\\\s]*>|(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')(?:@[\w-]+)?|#.*|[?$]\w+|\d+\.\d+|\^\^|[\p{L}\p{N}_-]*:(?:[\p{L}\p{N}_%-]|\\.|[.:](?=[\p{L}\p{N}_%-]))*|[\p{L}\p{N}_-]+|\S/gu;
const BACK = "^";
type Expected = "subject" | "predicate" | "object" | "after";
type Frame = Omit<Triple, "object"> & { expected: Expected };

/** Return what a query says, read from its beginning. */
export function read(text: string): Read {
  const triples: Triple[] = [];
  const frames: Frame[] = [];
  let [depth, brackets, skipped] = [0, 0, 0];
  let now: Frame = { subject: "", first: "", last: "", expected: "subject" };
  const begin = (): void => void (now = { subject: "", first: "", last: "", expected: "subject" });
  const say = (object: string): void => {
    triples.push({ subject: now.subject, first: now.first, last: now.last, object });
    now.expected = "after";
  };
  const term = (token: string): void => {
    if (now.expected === "subject") now = { ...now, subject: token, expected: "predicate" };
    else if (now.expected === "predicate") now = { ...now, first: now.first || token, last: now.last === BACK ? BACK : token, expected: "object" };
    else if (now.expected === "object") say(token);
  };
  for (const [token] of text.matchAll(TOKEN)) {
    const word = token.toUpperCase();
    if (token.startsWith("#")) continue;
    if (skipped > 0) skipped--;
    else if (word === "PREFIX" || word === "BASE" || token === "^^") skipped = word === "PREFIX" ? 2 : 1;
    else if (token === "{" || token === "}") {
      depth += token === "{" ? 1 : -1;
      brackets = frames.length = 0;
      begin();
    } else if (token === "(" || token === ")") {
      if (now.expected !== "predicate" && (now.expected !== "object" || brackets)) brackets = Math.max(0, brackets + (token === "(" ? 1 : -1));
    } else if (brackets) continue;
    else if (token === "[") {
      const node = `_:${triples.length}.${frames.length}`;
      if (now.expected === "object") say(node);
      frames.push({ ...now, subject: now.subject || node });
      now = { subject: node, first: "", last: "", expected: "predicate" };
    } else if (token === "]") now = { ...(frames.pop() ?? now), expected: "after" };
    else if (token === ";") now = { ...now, first: "", last: "", expected: "predicate" };
    else if (token === ",") now = { ...now, expected: "object" };
    else if (token === ".") begin();
    else if (token === "^") now = { ...now, first: now.first || BACK, last: BACK };
    else if ("/|".includes(token)) now = { ...now, last: "", expected: "predicate" };
    else if (/^[?$]\w|:|^<.*>$|^["'].|^\d|^true$|^false$/s.test(token) || (token === "a" && now.expected === "predicate")) term(token);
    else if (/^\p{L}/u.test(token)) begin();
  }
  return { triples, place: placeOf(now, depth, brackets), subject: now.subject, property: now.last };
}

function placeOf({ expected, last }: Frame, depth: number, brackets: number): Place {
  if (depth < 1) return "top";
  if (brackets || expected === "after") return "other";
  return expected === "object" && isType(last) ? "class" : expected;
}

/** Return whether a property says of which class something is. */
export function isType(property: string): boolean {
  return property === "a" || property === "rdf:type";
}
