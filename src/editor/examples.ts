// The saved questions of this graph, by theme, in a dialog with a filter.
import { make } from "./dom";
import { load } from "./endpoint";
import type { Plot } from "./picture";
import { setting, word } from "./setting";

export interface Example {
  title: string;
  about: string;
  query: string;
  chart: Plot | null;
}
interface Theme {
  name: string;
  questions: Example[];
}

/** Return the dialog; it asks for the questions when it opens first. */
export function examples(chosen: (one: Example) => void, failed: (error: unknown) => void): { open: () => void; element: HTMLElement } {
  const list = make("div", { class: "example-list" });
  const field = make("input", { id: "example-filter", type: "search", autocomplete: "off", input: () => narrow(list, none, field.value) });
  const none = make("p", { role: "status" });
  const close = make("button", { type: "button", class: "button second", click: () => dialog.close() }, word("editor_close"));
  const head = make("div", { class: "dialog-head" }, make("h2", { id: "example-head" }, word("editor_examples")), close);
  const label = make("label", { for: "example-filter" }, word("editor_find_example"));
  const dialog = make("dialog", { class: "examples", "aria-labelledby": "example-head" }, head, make("p", { class: "field" }, label, field), list, none);
  const pick = (one: Example): void => {
    dialog.close();
    chosen(one);
  };
  const open = async (): Promise<void> => {
    dialog.showModal();
    field.focus();
    if (list.childElementCount) return;
    const themes = await load<Theme[]>(`/sparql/examples.json?lang=${setting.lang}`);
    list.append(...themes.map((theme) => group(theme, pick)));
  };
  const refused = (error: unknown): void => {
    dialog.close();
    failed(error);
  };
  return { open: () => void open().catch(refused), element: dialog };
}

function group(theme: Theme, pick: (one: Example) => void): HTMLElement {
  const items = theme.questions.map((one) => {
    const kind = one.chart && word(one.chart.mark === "map" ? "as_map" : "as_chart");
    const button = make("button", { type: "button", class: "example", title: one.about, click: () => pick(one) }, one.title);
    const item = make("li", {}, button);
    if (kind) item.append(" ", make("span", { class: "chip" }, kind));
    return item;
  });
  return make("section", {}, make("h3", {}, theme.name), make("ul", {}, ...items));
}

function narrow(list: HTMLElement, none: HTMLElement, text: string): void {
  const wanted = text.trim().toLowerCase();
  for (const section of list.querySelectorAll("section")) {
    const items = [...section.querySelectorAll("li")];
    const theme = section.querySelector("h3")?.textContent?.toLowerCase().includes(wanted) ?? false;
    for (const item of items) {
      const told = `${item.textContent ?? ""} ${item.querySelector("button")?.title ?? ""}`.toLowerCase();
      item.hidden = !theme && !told.includes(wanted);
    }
    section.hidden = items.every((item) => item.hidden);
  }
  none.textContent = list.querySelector("section:not([hidden])") ? "" : word("questions_none");
}
