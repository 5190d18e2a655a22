// What went wrong: where, what, and what to do. The server says it in English.
import { make } from "./dom";
import type { Problem, Warning } from "./endpoint";
import { word } from "./setting";

/** Return what went wrong; where it has a place, a button that leads there. */
export function failure(problem: Problem, goTo: () => void = () => undefined): HTMLElement {
  const place = problem.line ? `${word("line")} ${problem.line}${problem.column ? `, ${word("column")} ${problem.column}` : ""}` : "";
  const button = place ? make("button", { type: "button", class: "link", click: goTo }, place) : null;
  const said = make("span", { lang: "en" }, problem.detail);
  const first = make("p", {}, make("strong", { lang: "en" }, problem.title), ": ", said, place ? " (" : "", button, place ? ")" : "");
  const hint = problem.hint ? make("p", {}, `${word("hint")}: `, make("span", { lang: "en" }, problem.hint)) : null;
  return make("div", { class: "problem", role: "alert" }, first, hint);
}

/** Return what is said of a term that this graph does not use; the answer stands as it is. */
export function noted(warning: Warning): HTMLElement {
  return make("p", { class: "note warning", role: "status" }, make("strong", {}, `${word("editor_warnings")}: `), warning.detail);
}
