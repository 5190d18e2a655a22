// Completion: what can stand at the cursor, from the terms of this graph, the variables of the query, and SPARQL's words.
import { type Completion, type CompletionContext, type CompletionResult, pickedCompletion } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { declaring, missing } from "./prefixes";
import { setting, word } from "./setting";
import { isType, type Read, read } from "./triples";
import { type Kind, labelOf, OURS, type Property, textOf, type Thing, variableOf, type Vocabulary, vocabulary } from "./vocabulary";

const SHOWN = 300; // Completions that one list may hold: more are found by typing on.
const WORDS = 5; // Words of a label that one may type.
const NAME = "skos:prefLabel";
const BEGINNINGS = "SELECT ASK CONSTRUCT DESCRIBE PREFIX"; // What a query begins with, and what comes behind SELECT.
const SELECTED = "DISTINCT * WHERE";
let next = -1; // Where a completion goes on, so that a list opens there with nothing typed.

const KEYWORDS =
  "SELECT DISTINCT REDUCED CONSTRUCT DESCRIBE ASK FROM NAMED WHERE GRAPH OPTIONAL MINUS UNION FILTER BIND VALUES AS UNDEF EXISTS NOT IN PREFIX BASE LIMIT OFFSET ASC DESC HAVING SEPARATOR true false";
const TWO_WORDS = ["GROUP BY", "ORDER BY", "NOT EXISTS", "FROM NAMED"];
const FUNCTIONS =
  "ABS AVG BNODE BOUND CEIL COALESCE CONCAT CONTAINS COUNT DATATYPE DAY ENCODE_FOR_URI FLOOR GROUP_CONCAT HOURS IF IRI isBLANK isIRI isLITERAL isNUMERIC LANG LANGMATCHES LCASE MAX MD5 MIN MINUTES MONTH NOW RAND REGEX REPLACE ROUND SAMETERM SAMPLE SECONDS SHA1 SHA256 SHA384 SHA512 STR STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLEN STRSTARTS STRUUID SUBSTR SUM TIMEZONE TZ UCASE UUID YEAR";

const words: Completion[] = [
  ...KEYWORDS.split(" ").map((label) => ({ label, type: "keyword" })),
  ...TWO_WORDS.map((label) => ({ label, type: "keyword" })),
  ...FUNCTIONS.split(" ").map((label) => ({ label, type: "function", apply: `${label}(` })),
];

/** What completion goes by: the terms, what stands before the cursor, what the whole query says, what is typed. */
interface Asked {
  terms: Vocabulary;
  before: Read;
  said: Read["triples"];
  typed: string;
}
type Scored = [score: number, option: Completion];
type Counts = Map<number, number>;

/** Write a completion, and above the query the PREFIX line that it needs. */
function write(view: EditorView, completion: Completion, told: string, from: number, to: number, terms: Vocabulary): void {
  const { state } = view;
  const opened = state.sliceDoc(from - 1, from) === "<";
  const start = opened ? from - 1 : from;
  const end = opened && state.sliceDoc(to, to + 1) === ">" ? to + 1 : to;
  // A comment goes to the end of the line: where something follows, there is none.
  const text = state.doc.lineAt(end).to === end ? told : told.replace(/ #.*$/, "");
  const query = state.sliceDoc(0, start) + text + state.sliceDoc(end);
  const lacking = missing(query, terms.prefixes);
  const lines = lacking.length ? [declaring(state.doc, lacking, terms.prefixes)] : [];
  const above = lines.reduce((sum, line) => sum + line.insert.length, 0);
  const comment = / #.*$/.exec(text)?.[0].length ?? 0;
  next = start + above + text.length - comment;
  view.dispatch({
    changes: [...lines, { from: start, to: end, insert: text }],
    selection: { anchor: next },
    annotations: pickedCompletion.of(completion),
    userEvent: "input.complete",
  });
}

/** Return whether a list opens at once behind a completion, since what comes next is known. */
export function goesOn({ type }: Completion): boolean {
  return type === "property" || type === "begin";
}

/** Return how well a text fits what is typed: 4 the same, 3 its beginning, 2 a word of it, 1 inside, 0 not at all. */
function fit(text: string, typed: string): number {
  const place = text.toLowerCase().indexOf(typed);
  if (place === 0) return text.length === typed.length ? 4 : 3;
  const starts = /[^\p{L}\p{N}]/u.test(text.charAt(place - 1)) || (/\p{Lu}/u.test(text.charAt(place)) && /\p{Ll}/u.test(text.charAt(place - 1)));
  return place < 0 ? 0 : starts ? 2 : 1;
}

/** Return how much of several words begins words of a text, 1 at most, where the last one does: "heeft vaardigheid". */
function shared(text: string, typed: string): number {
  const found = typed.split(" ").map((one): number => (one.length < 3 ? 0 : ` ${text.toLowerCase()}`.includes(` ${one}`) ? 2 : Number(fit(text, one) > 1)));
  return found.at(-1) ? found.reduce((sum, one) => sum + one) / (2 * found.length) : 0;
}

/** Return completions of what is named, with how well each fits; shown is the label or name by which it was found. */
function scored(one: { name: string }, labels: (string | undefined)[], typed: string, told: Omit<Completion, "label">): Scored[] {
  const said = [...new Set(labels.filter((label) => label))] as string[];
  const prefixed = typed.includes(":");
  const texts = prefixed ? [one.name] : [...said, one.name];
  // What is typed is a word, not yet a prefix: "sk" means a skill before all of skos:.
  const own = (text: string): number => (text === one.name && !prefixed && fit(text, typed) === 3 ? 1 : fit(text, typed));
  const scores = texts.map((text): [number, string] => [own(text) || (typed.includes(" ") ? shared(text, typed) : 0), text]);
  const [score, label] = scores.reduce((best, next) => (next[0] > best[0] ? next : best), scores[0] ?? [0, one.name]);
  if (!score && typed) return [];
  return [[typed ? score * 10 : 0, { detail: label === one.name ? said[0] : one.name, ...told, label }]];
}

/** Where nothing is typed, terms of this graph come before those of other vocabularies. */
function first({ name }: { name: string }, typed: string): number {
  return !typed && name.startsWith(OURS) ? 10 : 0;
}

/** Return how much of what is counted each class has, 3 at most. */
function most(counts: Counts): (kind: number) => number {
  const all = Math.max(1, ...counts.values());
  return (kind) => ((counts.get(kind) ?? 0) / all) * 3;
}

/** Return the classes of a subject or object: those stated, or those that the properties around it have. */
function kindsOf(node: string, { said, terms }: Pick<Asked, "said" | "terms">, stated = true): Counts {
  const called = (name: string): Property | undefined => terms.properties.find((one) => one.name === name);
  const own = said.filter((one) => one.subject === node && isType(one.first)).map((one) => terms.classes.findIndex(({ name }) => name === one.object));
  if (stated && own.some((place) => place >= 0)) return new Map(own.map((place) => [place, 1]));
  const range = said.flatMap((one) => (one.object === node ? (called(one.last)?.to ?? []) : []));
  const domain = said.flatMap((one) => (one.subject === node && !isType(one.first) ? (called(one.first)?.of ?? []) : []));
  return new Map((range.length ? range : domain).sort(([, left], [, right]) => left - right));
}

/** Return the properties, those that the class of the subject has first. */
function properties(asked: Asked): Scored[] {
  const { terms, before, typed } = asked;
  const kinds = before.place === "predicate" ? kindsOf(before.subject, asked) : new Map();
  const own = (one: Property): number => Math.max(0, ...one.of.map(([kind, count]) => (kinds.has(kind) ? count : 0)));
  const all = Math.max(1, ...terms.properties.map((one) => (kinds.size ? own(one) : one.count)));
  // In the order of the pages of the class: what is stated stands there before what is derived.
  const pages = [...kinds.keys()].map((kind) => terms.classes[kind]?.shown ?? []);
  const early = ({ name }: Property): number => Math.max(0, ...pages.map((names) => (names.includes(name) ? 5 * (1 - names.indexOf(name) / names.length) : 0)));
  return terms.properties.flatMap((one) => {
    const fits = own(one);
    const boost = (fits ? 100 + (fits / all) * 3 + early(one) : kinds.size ? 0 : (one.count / all) * 3) + first(one, typed);
    const apply = (view: EditorView, option: Completion, from: number, to: number): void => write(view, option, `${one.name} `, from, to, terms);
    const told = { type: "property", apply, info: textOf(one.about) || undefined };
    return scored(one, [textOf(one.label), one.label.nl, one.label.en], typed, told).map(([score, option]): Scored => [score + boost, option]);
  });
}

/** Return the classes, those that fit the variable first; at the beginning of a triple, a class begins one. */
function kinds(asked: Asked): Scored[] {
  const { terms, before, typed } = asked;
  const begins = before.place === "subject" && !typed.includes(":");
  const fits = before.place === "class" ? kindsOf(before.subject, asked, false) : new Map();
  const weight = most(fits);
  const all = Math.max(...terms.classes.map((one) => one.count));
  return terms.classes.flatMap((one, place) => {
    const boost = (fits.has(place) ? 100 + weight(place) : (Math.log1p(one.count) / Math.log1p(all)) * 3) + first(one, typed);
    const text = begins ? `${variableOf(labelOf(one))} a ${one.name} ; ` : one.name;
    const apply = (view: EditorView, option: Completion, from: number, to: number): void => write(view, option, text, from, to, terms);
    const told = { type: begins ? "begin" : "class", apply, info: textOf(one.about) || undefined };
    return scored(one, [textOf(one.label), one.label.nl, one.label.en], typed, told).map(([score, option]): Scored => [score + boost, option]);
  });
}

/** Return the functions of this endpoint beside those of SPARQL. */
function functions({ terms, typed }: Asked): Scored[] {
  return terms.functions.flatMap((one) => {
    const apply = (view: EditorView, option: Completion, from: number, to: number): void => write(view, option, `${one.name}(`, from, to, terms);
    return scored(one, [textOf(one.label), one.label.nl, one.label.en], typed, { type: "function", apply, info: textOf(one.about) || undefined });
  });
}

/** Return the things, those of the range of the property first; where nothing is typed, those alone. */
function things(asked: Asked): Scored[] {
  const { terms, before, typed } = asked;
  const texts = before.place === "object" && terms.properties.find((one) => one.name === before.property && !one.to.length);
  if (texts) return texts.name === NAME ? terms.things.flatMap((one) => named(one, asked)) : [];
  const range = new Map(before.place === "object" ? (terms.properties.find((one) => one.name === before.property)?.to ?? []) : []);
  const found = terms.things.flatMap((one) => {
    const boost = range.has(one.kind) ? 100 : 0;
    if (!typed && !boost) return [];
    return thing(one, asked).map(([score, option]): Scored => [score + boost, option]);
  });
  return typed || !found.length ? found : [anyOf(range, terms), ...found];
}

/** Return a variable for whatever stands there. */
function anyOf(range: Counts, terms: Vocabulary): Scored {
  const [first] = [...range].sort(([, left], [, right]) => right - left)[0] ?? [0];
  const kind = terms.classes[first];
  return [200, { label: variableOf(kind ? labelOf(kind) : ""), detail: word("editor_any"), type: "variable" }];
}

/** Return the name of a thing as a text with its language: what a property of texts can have. */
function named(one: Thing, { terms, typed }: Asked): Scored[] {
  const kind = terms.classes[one.kind];
  return [["nl", one.nl], ["en", one.en]].flatMap(([lang, text]) => {
    if (!text || !fit(text, typed)) return [];
    const literal = `${JSON.stringify(text)}@${lang}`;
    const apply = (view: EditorView, option: Completion, from: number, to: number): void => write(view, option, literal, from, to, terms);
    return [[fit(text, typed) * 10 + Number(lang === setting.lang), { label: literal, detail: kind ? labelOf(kind) : "", type: "text", apply }] satisfies Scored];
  });
}

function thing(one: Thing, { terms, typed }: Asked): Scored[] {
  const kind: Kind | undefined = terms.classes[one.kind];
  const text = one.name.startsWith("<") ? `${one.name} # ${textOf(one).replace(/\s+/g, " ")}` : one.name;
  const apply = (view: EditorView, option: Completion, from: number, to: number): void => write(view, option, text, from, to, terms);
  const told = { detail: kind ? labelOf(kind) : "", info: one.name, type: "constant", apply };
  return scored(one, [textOf(one), one.nl, one.en], typed, told);
}

function variables(query: string, before: string): Completion[] {
  const names = new Set([...query.matchAll(/[?$](\w+)/g)].map((match) => `?${match[1] ?? ""}`));
  names.delete(before);
  return [...names].sort().map((label) => ({ label, type: "variable" }));
}

function prefixLine(context: CompletionContext, terms: Vocabulary): CompletionResult | null {
  const line = context.matchBefore(/PREFIX\s+[\w-]*/i);
  if (!line) return null;
  const from = line.to - (/[\w-]*$/.exec(line.text)?.[0].length ?? 0);
  const options = Object.entries(terms.prefixes).map(([prefix, iri]) => ({ label: `${prefix}: <${iri}>`, type: "namespace" }));
  return { from, options, validFor: /^[\w-]*$/ };
}

/** Return what of the graph can stand at a place; where that is open, prefixed names, and things by a word of their label. */
function offered(asked: Asked): Scored[] {
  const { before: { place }, typed } = asked;
  const prefixed = (place === "top" || place === "other") && typed.includes(":");
  const sought = typed.length > 1 || (place === "object" && !typed);
  return [
    ...(place === "predicate" || prefixed ? properties(asked) : []),
    ...(place === "class" || place === "subject" || prefixed ? kinds(asked) : []),
    ...(sought && (place === "subject" || place === "object" || prefixed) ? things(asked) : []),
    ...((sought && place === "other") || prefixed ? functions(asked) : []),
    ...(sought && place === "other" && !prefixed ? things(asked).filter(([score]) => score >= 20) : []),
  ];
}

/** The source of completions of the editor. */
export async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const query = context.state.doc.toString();
  const variable = context.matchBefore(/[?$]\w*/);
  if (variable) return { from: variable.from, options: variables(query, variable.text), validFor: /^[?$]\w*$/ };
  const line = context.state.doc.lineAt(context.pos);
  if (insideText(line.text.slice(0, context.pos - line.from))) return null;
  const terms = await vocabulary().catch(() => null);
  if (!terms) return null;
  const prefix = prefixLine(context, terms);
  if (prefix) return prefix;
  const name = context.matchBefore(/[\p{L}_][\p{L}\p{N}_.-]*:?[\p{L}\p{N}_-]*/u);
  if (!name && !context.explicit && context.pos !== next) return null;
  const { triples } = read(query);
  const at = (from: number): Asked => {
    const typed = query.slice(from, context.pos).toLowerCase();
    return { terms, before: read(query.slice(0, from)), said: triples, typed };
  };
  // Several words are taken together as far as something is called so.
  const label = context.matchBefore(/(?<![?$:<\p{L}\p{N}])[\p{L}\p{N}'’-]+(?: [\p{L}\p{N}'’-]+)+/u);
  const starts = label ? [...label.text.matchAll(/\S+/g)].map((match) => label.from + match.index).slice(-WORDS, -1) : [];
  for (const from of starts) {
    const asked = at(from);
    const found = asked.before.place === "top" || /^(a|\p{Lu}{2,}) /u.test(query.slice(from)) ? [] : offered(asked);
    if (found.length) return listed(from, found, asked.typed);
  }
  const from = name?.from ?? context.pos;
  const asked = at(from);
  const keywords = asked.typed && !asked.typed.includes(":") && asked.before.place !== "class" ? words : [];
  const spoken = keywords.flatMap((option): Scored[] => (fit(option.label, asked.typed) > 2 ? [[fit(option.label, asked.typed) * 10 + 5, option]] : []));
  const begun = /\bSELECT\s+$/i.test(query.slice(0, from)) ? SELECTED : query.slice(0, from).replace(/PREFIX\s+\S*\s*<[^>]*>|#.*/gi, "").trim() ? "" : BEGINNINGS;
  const first = asked.typed || asked.before.place !== "top" ? [] : begun.split(" ").filter(Boolean).map((label, place): Scored => [-place, { label, type: "keyword", apply: `${label} ` }]);
  return listed(from, [...offered(asked), ...first, ...spoken], asked.typed);
}

function listed(from: number, found: Scored[], typed: string): CompletionResult {
  const order = ([one, { label }]: Scored, [other, next]: Scored): number => other - one || label.localeCompare(next.label);
  const options = found.sort(order).slice(0, SHOWN).map(([, option]) => option);
  const getMatch = ({ label }: Completion): number[] => {
    const place = typed ? label.toLowerCase().indexOf(typed) : -1;
    return place < 0 ? [] : [place, place + typed.length];
  };
  return { from, options, filter: false, getMatch };
}

/** Return whether the end of a line stands in a string or a comment. */
function insideText(before: string): boolean {
  const bare = before.replace(/<[^<>\s]*>/g, "").replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "");
  return /["'#]/.test(bare);
}
