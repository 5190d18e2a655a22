// The endpoint of this host: queries by SPARQL 1.1 Protocol, errors as problem+json (RFC 9457), labels, terms.
import { setting } from "./setting";

export interface Term {
  type: "uri" | "literal" | "bnode" | "triple";
  value: string;
  "xml:lang"?: string;
  datatype?: string;
}
export type Row = Record<string, Term | undefined>;

/** What an error says: where, what, and what to do. */
export interface Problem {
  title: string;
  detail: string;
  hint?: string;
  line?: number;
  column?: number;
}

/** The answer to a query: rows (one cell for ASK), or the text of a graph. */
export interface Answer {
  query: string;
  columns: string[];
  rows: Row[];
  turtle: string | null;
  raw: string;
  milliseconds: number;
}

export class Failed extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

const ACCEPT = "application/sparql-results+json, text/turtle;q=0.9";

/** Send a request to this host. Throws `Failed` with what the server says, or that it cannot be reached. */
async function send(path: string, told: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, told);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failed({ title: setting.words["editor_no_server"] ?? "", detail: String(error) });
  }
  if (response.ok) return response;
  const text = await response.text();
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  throw new Failed(isProblem ? (JSON.parse(text) as Problem) : { title: String(response.status), detail: response.statusText });
}

/** Post a form to this host. */
export function post(path: string, fields: Record<string, string>, accept: string, signal: AbortSignal | null = null): Promise<Response> {
  return send(path, { method: "POST", body: new URLSearchParams(fields), headers: { Accept: accept }, signal });
}

/** Return the answer to a query. Throws `Failed`, or an AbortError where the signal ends it. */
export async function ask(query: string, signal: AbortSignal): Promise<Answer> {
  const began = performance.now();
  const response = await post("/sparql", { query }, ACCEPT, signal);
  const raw = await response.text();
  const told = { query, raw, milliseconds: performance.now() - began };
  if (response.headers.get("Content-Type")?.startsWith("text/turtle")) return { ...told, columns: [], rows: [], turtle: raw };
  const found = JSON.parse(raw) as { head: { vars?: string[] }; boolean?: boolean; results?: { bindings: Row[] } };
  if (found.boolean !== undefined) {
    const cell: Term = { type: "literal", value: String(found.boolean), datatype: "http://www.w3.org/2001/XMLSchema#boolean" };
    return { ...told, columns: ["answer"], rows: [{ answer: cell }], turtle: null };
  }
  return { ...told, columns: found.head.vars ?? [], rows: found.results?.bindings ?? [], turtle: null };
}

/** A term of the query that this graph does not use, in the language of the page. */
export interface Warning {
  detail: string;
  line: number;
  column: number;
  /** Characters of the term as it is written, and what may stand in its place, where something is like it. */
  length: number;
  nearest: string;
}

/** What is wrong with a query, and which of its terms are not in use. */
export interface Checked {
  problem: Problem | null;
  warnings: Warning[];
}

/** Return what is wrong with a query, without running it; nothing where nobody can say. */
export async function check(query: string): Promise<Checked> {
  try {
    const response = await post(`/sparql/check?lang=${setting.lang}`, { query }, "application/json");
    return (await response.json()) as Checked;
  } catch (error) {
    if (error instanceof Failed) return { problem: null, warnings: [] };
    throw error;
  }
}

/** A label, its language where it is not that of the page, and where its link leads. */
export type Label = [text: string, lang: string, href: string];

/** Return labels of IRIs, in the language of the page. */
export async function labels(iris: string[]): Promise<Record<string, Label>> {
  const response = await post(`/sparql/labels?lang=${setting.lang}`, { iris: iris.join(" ") }, "application/json");
  return (await response.json()) as Record<string, Label>;
}

/** Return a JSON document of this host. */
export async function load<T>(path: string): Promise<T> {
  const response = await send(path, { headers: { Accept: "application/json" } });
  return (await response.json()) as T;
}
