// What went wrong: where, what, and what to do. What the server says in English is marked so.
import { make } from "./dom";
import type { Problem, Warning } from "./endpoint";
import { setting, word } from "./setting";

/** Return a title or hint of the server in the language of the page, or else in English. */
export function inWords(text: string): HTMLElement {
  const said = setting.said[text] ?? (text === word("editor_no_server") ? text : undefined);
  return make("span", { lang: said ? undefined : "en" }, said ?? text);
}

/** Return how a title ends: where it says what to do, it is a sentence. */
export function ends(title: string): string {
  return setting.said[title] ? "." : ":";
}

/** Return what went wrong; where it has a place, a button that leads there. */
export function failure(problem: Problem, goTo: () => void = () => undefined): HTMLElement {
  const place = problem.line ? `${word("line")} ${problem.line}${problem.column ? `, ${word("column")} ${problem.column}` : ""}` : "";
  const button = place ? make("button", { type: "button", class: "link", click: goTo }, place) : null;
  const said = make("span", { lang: "en" }, problem.detail);
  const first = make("p", {}, make("strong", {}, inWords(problem.title), ends(problem.title)), " ", said, place ? " (" : "", button, place ? ")" : "");
  const hint = problem.hint ? make("p", {}, `${word("hint")}: `, inWords(problem.hint)) : null;
  return make("div", { class: "problem", role: "alert" }, first, hint);
}

/** Return what is said of a term that this graph does not use, with a button that puts the nearest in its place. */
export function noted(warning: Warning, mend: () => void): HTMLElement {
  const button = warning.nearest && make("button", { type: "button", class: "link", click: mend }, word("editor_mend", { term: warning.nearest }));
  return make("p", { class: "note warning", role: "status" }, make("strong", {}, `${word("editor_warnings")}: `), warning.detail, " ", button || null);
}
