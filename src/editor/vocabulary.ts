// The terms of this graph, from /sparql/terms.json: prefixes, classes, properties with domain and range, things.
import { load } from "./endpoint";
import { setting } from "./setting";

export type Texts = { nl?: string; en?: string };
interface Term {
  name: string;
  label: Texts;
  about: Texts;
  count: number;
}
/** A class: prefixed name, labels, definitions, how many things are of it; in which languages all of them are named;
 * a thing of it, with its labels and properties; the properties that its pages show, in their order; whether people look for it. */
export interface Kind extends Term {
  named: string[];
  example: [name: string, nl: string, en: string, properties: string[]];
  shown: string[];
  main: boolean;
}
/** A property: how often it is used; places of the classes that have it and of the classes of its values, each with how
 * often; how many values are texts in a language, numbers, or other texts. */
export interface Property extends Term {
  of: [kind: number, count: number][];
  to: [kind: number, count: number][];
  values: Record<string, number>;
}
/** A thing: how it is written in a query, its IRI, labels, place of its class. */
export interface Thing extends Required<Texts> {
  name: string;
  iri: string;
  kind: number;
}

export interface Vocabulary {
  prefixes: Record<string, string>;
  classes: Kind[];
  properties: Property[];
  functions: Term[];
  things: Thing[];
}
type Sent = Omit<Vocabulary, "things"> & { base: string; things: [path: string, nl: string, en: string, kind: number][] };

/** How the names of classes and properties of this graph begin. */
export const OURS = "kb:";
const OTHER = setting.lang === "nl" ? "en" : "nl";
const LANG = OTHER === "en" ? "nl" : "en";
let asked: Promise<Vocabulary> | null = null;

/** Return the terms, fetched once; after a failure they are asked for anew. */
export function vocabulary(): Promise<Vocabulary> {
  asked ??= load<Sent>("/sparql/terms.json").then(read, (error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

function read({ base, things, ...rest }: Sent): Vocabulary {
  const spaces = Object.entries(rest.prefixes).sort(([, left], [, right]) => right.length - left.length);
  const named = things.map(([path, nl, en, kind]) => {
    const iri = path.includes(":") ? path : base + path;
    return { name: nameOf(iri, spaces), iri, nl, en, kind };
  });
  return { ...rest, things: named };
}

/** Return an IRI by the longest prefix that leaves a local name without escapes, or else in full. */
function nameOf(iri: string, spaces: [prefix: string, space: string][]): string {
  const found = spaces.find(([, space]) => iri.startsWith(space) && /^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u.test(iri.slice(space.length)));
  return found ? `${found[0]}:${iri.slice(found[1].length)}` : `<${iri}>`;
}

/** Return a text in the language of the page, or else in the other one. */
export function textOf(texts: Texts): string {
  return texts[LANG] ?? texts[OTHER] ?? "";
}

/** Return the label of a term, or its name where it has none. */
export function labelOf(term: { name: string; label: Texts }): string {
  return textOf(term.label) || term.name;
}

/** Return a variable that says what stands in it. */
export function variableOf(text: string): string {
  const words = text.normalize("NFD").replace(/\p{M}/gu, "").split(/[^A-Za-z0-9]+/).filter(Boolean);
  const joined = words.map((word, place) => (place ? word.charAt(0).toUpperCase() : word.charAt(0).toLowerCase()) + word.slice(1)).join("");
  return `?${joined || "x"}`;
}
