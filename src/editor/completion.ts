// Completion: what can stand at the cursor, from the terms of this graph, the variables of the query, and SPARQL's words.
import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  pickedCompletion,
} from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { declaring, missing } from "./prefixes";
import { setting } from "./setting";
import { type Named, type Thing, type Vocabulary, vocabulary } from "./vocabulary";

type Place = "subject" | "predicate" | "object" | "class";

const OTHER = setting.lang === "nl" ? "en" : "nl";
const LANG = OTHER === "en" ? "nl" : "en";
const SHOWN = 300; // Things that one list may hold: more are found by typing on.

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

/** Return which part of a triple stands at the end of a text, and the subject before it. */
export function placeOf(before: string): { place: Place; subject: string } {
  const bare = before.replace(/<[^<>"{}|^`\\\s]*>/g, "<>").replace(/#.*/g, "").replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
  const start = Math.max(bare.lastIndexOf("{"), bare.lastIndexOf("}"), bare.search(/\.\s[^.]*$/));
  const parts = bare.slice(start + 1).split(";");
  const first = (parts[0] ?? "").trim().split(/\s+/).filter(Boolean);
  const tokens = (parts.at(-1) ?? "").replace(/,[^,]*$/, "").trim().split(/\s+/).filter(Boolean);
  const listed = (parts.at(-1) ?? "").includes(",");
  const after = tokens.length - (parts.length === 1 ? 1 : 0);
  const last = tokens.at(-1);
  if (!listed && (last === "a" || last === "rdf:type")) return { place: "class", subject: first[0] ?? "" };
  const place = listed || after > 0 ? "object" : after === 0 ? "predicate" : "subject";
  return { place, subject: first[0] ?? "" };
}

/** Return the places of the classes that a query gives to a subject. */
function classesOf(query: string, subject: string, terms: Vocabulary): number[] {
  if (!subject) return [];
  const name = subject.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const stated = new RegExp(`${name.startsWith("?") ? `\\?${name.slice(2)}` : name}\\s+(?:a|rdf:type)\\s+([\\w-]+:[\\w-]+)`, "g");
  const found = new Set([...query.matchAll(stated)].map((match) => match[1]));
  return terms.classes.flatMap((one, place) => (found.has(one.name) ? [place] : []));
}

function textOf(texts: { nl?: string; en?: string }): string {
  return texts[LANG] ?? texts[OTHER] ?? "";
}

/** Write a completion, and above the query the PREFIX line that it needs. */
function write(view: EditorView, completion: Completion, text: string, from: number, to: number, terms: Vocabulary): void {
  const opened = text.startsWith("<") && view.state.sliceDoc(from - 1, from) === "<";
  const start = opened ? from - 1 : from;
  const end = opened && view.state.sliceDoc(to, to + 1) === ">" ? to + 1 : to;
  view.dispatch({
    changes: { from: start, to: end, insert: text },
    selection: { anchor: start + text.length },
    annotations: pickedCompletion.of(completion),
    userEvent: "input.complete",
  });
  const lacking = missing(view.state.doc.toString(), terms.prefixes);
  if (lacking.length) view.dispatch({ changes: declaring(view.state.doc, lacking, terms.prefixes) });
}

/** Return a completion per name of a term, so that it is found by prefixed name and by label in both languages. */
function namings(one: Named, type: string, boost: number, terms: Vocabulary): Completion[] {
  const apply = (view: EditorView, completion: Completion, from: number, to: number): void =>
    write(view, completion, one.name, from, to, terms);
  const info = textOf(one.about) || undefined;
  const told = { type, apply, info, boost };
  const label = textOf(one.label);
  const labels = [...new Set([one.label.nl, one.label.en])].filter((text) => text !== undefined);
  return [
    { ...told, label: one.name, detail: label },
    ...labels.map((text) => ({ ...told, label: text, detail: one.name, boost: boost - 5 })),
  ];
}

function boostOf(count: number, most: number): number {
  return Math.round((Math.log1p(count) / Math.log1p(most)) * 20);
}

/** Return classes and properties, those that fit the place and the class of the subject first. */
function named(terms: Vocabulary, place: Place, classes: number[]): Completion[] {
  const most = Math.max(1, ...terms.classes.map((one) => one.count), ...terms.properties.map((one) => one.count));
  const own = (one: Named): number => Math.max(0, ...(one.of ?? []).map(([kind, count]) => (classes.includes(kind) ? count : 0)));
  const boost = (one: Named): number => (own(one) ? 40 + boostOf(own(one), most) : boostOf(one.count, most));
  const properties = place === "class" || place === "object" ? [] : terms.properties;
  const kinds = place === "predicate" ? [] : terms.classes;
  return [
    ...properties.flatMap((one) => namings(one, "property", boost(one), terms)),
    ...kinds.flatMap((one) => namings(one, "class", boostOf(one.count, most), terms)),
  ];
}

function things(terms: Vocabulary, typed: string): Completion[] {
  const wanted = typed.toLowerCase();
  const found = terms.things.filter(([, nl, en]) => nl.toLowerCase().includes(wanted) || en.toLowerCase().includes(wanted));
  return found.slice(0, SHOWN).flatMap((one) => thing(one, wanted, terms));
}

function thing([path, nl, en, kind]: Thing, wanted: string, terms: Vocabulary): Completion[] {
  const iri = path.includes(":") ? path : terms.base + path;
  const about = terms.classes[kind];
  const detail = about ? textOf(about.label) : "";
  const names = new Set((LANG === "nl" ? [nl, en] : [en, nl]).filter((text) => text.toLowerCase().includes(wanted)));
  const apply = (view: EditorView, completion: Completion, from: number, to: number): void =>
    write(view, completion, `<${iri}>`, from, to, terms);
  return [...names].slice(0, 1).map((label) => ({ label, detail, info: iri, type: "constant", apply, boost: -10 }));
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
  const typed = context.matchBefore(/[\p{L}_][\p{L}\p{N}_.-]*:?[\p{L}\p{N}_-]*/u);
  if (!typed && !context.explicit) return null;
  const from = typed?.from ?? context.pos;
  const text = typed?.text ?? "";
  const { place, subject } = placeOf(query.slice(0, from));
  const options = named(terms, place, classesOf(query, subject, terms));
  if (place !== "predicate" && place !== "class" && text.length > 1 && !text.includes(":")) options.push(...things(terms, text));
  if (!text.includes(":")) options.push(...words);
  return { from, options };
}

/** Return whether the end of a line stands in a string or a comment. */
function insideText(before: string): boolean {
  const bare = before.replace(/<[^<>\s]*>/g, "").replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "");
  return /["'#]/.test(bare);
}
