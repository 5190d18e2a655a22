// What stands below the editor: the answer in its views, and its downloads.
import { make } from "./dom";
import { downloads } from "./downloads";
import type { Answer } from "./endpoint";
import { chartOf, mapOf, Picture, type Plot } from "./picture";
import { shown, word } from "./setting";
import { Table } from "./table";

const RAW = 200_000; // Characters of the raw answer that are shown; a download has all of them.

type View = [name: string, draw: () => HTMLElement];

/** Return the section of an answer; a plot that fits its columns decides what is drawn, and a query with terms that
 * the graph does not use is not called good. */
export function answered(answer: Answer, name: string, plot: Plot | null, unused: boolean, failed: (error: unknown) => void): HTMLElement {
  const shownView = make("div", { class: "view" });
  const head = make("h2", { id: "answer", tabindex: -1 }, headline(answer));
  const views = viewsOf(answer, plot, unused);
  const buttons = views.map(([key, draw], place) => {
    const press = (): void => {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
      shownView.replaceChildren(draw());
    };
    const button = make("button", { type: "button", class: "view-button", "aria-pressed": String(place === 0), click: press }, word(key));
    return button;
  });
  const first = views[0]?.[1]();
  if (first) shownView.append(first);
  const bar = make("div", { class: "views", role: "group", "aria-label": word("editor_views") }, ...buttons);
  return make("section", { "aria-labelledby": "answer" }, head, make("div", { class: "answer-bar" }, bar, downloads(answer, name, failed)), shownView);
}

function headline(answer: Answer): string {
  const seconds = (answer.milliseconds / 1000).toFixed(2);
  if (answer.turtle !== null) return word("answer");
  const count = answer.rows.length;
  return `${word("answer")}: ${shown(count)} ${word(count === 1 ? "one_row" : "rows")} (${seconds} s)`;
}

function viewsOf(answer: Answer, plot: Plot | null, unused: boolean): View[] {
  const raw: View = ["editor_raw", () => rawView(answer.turtle ?? pretty(answer.raw))];
  if (answer.turtle !== null) return [["editor_turtle", () => rawView(answer.turtle ?? "")]];
  if (!answer.rows.length) return [["editor_table", () => make("p", {}, word(unused ? "no_rows_unused" : "no_rows"))], raw];
  const views: View[] = [["editor_table", () => new Table(answer).element]];
  const map = plot?.mark === "map" && fits(plot, answer) ? plot : mapOf(answer);
  const chart = plot && plot.mark !== "map" && fits(plot, answer) ? plot : chartOf(answer);
  if (chart) views.push(["editor_chart", () => new Picture(answer, chart).element]);
  if (map) views.push(["editor_map", () => new Picture(answer, map).element]);
  return [...views, raw];
}

function fits(plot: Plot, answer: Answer): boolean {
  const { mark: _, ...columns } = plot;
  return Object.values(columns).flat().every((name) => !name || answer.columns.includes(name));
}

function pretty(raw: string): string {
  return raw.length > RAW ? raw : JSON.stringify(JSON.parse(raw), null, 1);
}

function rawView(text: string): HTMLElement {
  const cut = text.length > RAW;
  const pre = make("pre", { class: "raw", tabindex: 0, lang: "zxx" }, cut ? text.slice(0, RAW) : text);
  return make("div", {}, cut ? make("p", { class: "note" }, word("editor_cut")) : null, pre);
}
