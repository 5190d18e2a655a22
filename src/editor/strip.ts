// The strip of tabs: arrows go along it, Delete closes, F2 or a double click renames (ARIA APG, tabs pattern).
import { make } from "./dom";
import { word } from "./setting";
import type { Tab, Tabs } from "./tabs";

/** The strip over the tabs; `changed` is called when another tab, or none, is to be shown. */
export class Strip {
  readonly element = make("div", { class: "strip" });
  made: () => void = () => undefined;
  private readonly list = make("div", { role: "tablist", "aria-label": word("editor_tabs"), class: "tabs" });

  constructor(private readonly tabs: Tabs, private readonly changed: () => void) {
    const small = (sign: string, name: string, click: () => void): HTMLElement =>
      make("button", { type: "button", class: "small", title: word(name), "aria-label": word(name), click }, sign);
    const buttons = [
      small("+", "editor_new", () => this.act(() => this.made())),
      small("✎", "editor_rename", () => this.rename()),
      small("×", "editor_close_tab", () => this.close()),
    ];
    this.element.append(this.list, make("div", { class: "strip-buttons" }, ...buttons));
  }

  /** Return the id of the element of a tab. */
  idOf(id: string): string {
    return `tab-${id}`;
  }

  /** Draw the tabs anew. */
  draw(): void {
    const active = this.tabs.active.id;
    this.list.replaceChildren(...this.tabs.all.map((tab) => this.button(tab, tab.id === active)));
    const here = document.getElementById(this.idOf(active));
    if (here) this.list.scrollLeft = here.offsetLeft - this.list.offsetLeft - 40;
  }

  private button(tab: Tab, active: boolean): HTMLElement {
    return make(
      "button",
      {
        type: "button",
        role: "tab",
        id: this.idOf(tab.id),
        "aria-selected": String(active),
        "aria-controls": "editor-panel",
        tabindex: active ? 0 : -1,
        title: tab.title,
        click: () => active || this.act(() => this.tabs.activate(tab.id)),
        dblclick: () => this.rename(),
        keydown: (event) => this.key(event as KeyboardEvent),
      },
      tab.title,
    );
  }

  private act(change: () => void): void {
    change();
    this.changed();
  }

  private key(event: KeyboardEvent): void {
    const ids = this.tabs.all.map((one) => one.id);
    const place = ids.indexOf(this.tabs.active.id);
    const ways: Record<string, number> = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: ids.length - 1 };
    const next = ways[event.key];
    if (next !== undefined) this.act(() => this.tabs.activate(ids[(next + ids.length) % ids.length] ?? ""));
    else if (event.key === "Delete") this.close();
    else if (event.key === "F2") return this.rename();
    else return;
    event.preventDefault();
    document.getElementById(this.idOf(this.tabs.active.id))?.focus();
  }

  private close(): void {
    this.act(() => this.tabs.close(this.tabs.active.id));
  }

  /** Let the reader type a title in the place of the tab; Enter keeps it, Esc does not. */
  private rename(): void {
    const tab = document.getElementById(this.idOf(this.tabs.active.id));
    if (!tab) return;
    let done = false;
    const end = (keep: boolean): void => {
      if (done) return;
      done = true;
      typed.remove();
      this.list.hidden = false;
      const title = field.value.trim();
      this.act(() => keep && title && this.tabs.change({ title }));
      document.getElementById(this.idOf(this.tabs.active.id))?.focus();
    };
    const field = make("input", {
      value: this.tabs.active.title,
      "aria-label": word("editor_rename"),
      blur: () => end(true),
      keydown: (event) => {
        const { key } = event as KeyboardEvent;
        if (key === "Enter" || key === "Escape") end(key === "Enter");
      },
    });
    const typed = make("span", { class: "renaming" }, field);
    this.list.before(typed);
    this.list.hidden = true;
    field.select();
  }
}
