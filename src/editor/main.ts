// The editor at /sparql takes the place of the plain form. Nothing leaves the host; queries stay in this browser.
import { answered } from "./answer";
import { begin } from "./begin";
import { Code } from "./code";
import { at, make } from "./dom";
import { ask, check, Failed, type Problem, type Warning } from "./endpoint";
import { type Example, examples } from "./examples";
import { failure, noted } from "./failure";
import type { Plot } from "./picture";
import { setting, word } from "./setting";
import { share, shared } from "./share";
import { Strip } from "./strip";
import { Tabs } from "./tabs";

const BLANK = "PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nPREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n\nSELECT * {\n  \n} LIMIT 100\n";

class Editor {
  private readonly tabs = new Tabs(() => ({ title: `${word("query")} 1`, query: setting.starter }));
  private readonly strip = new Strip(this.tabs, () => this.show());
  private readonly box = make("div", { id: "editor-panel", role: "tabpanel", class: "editor-box" });
  private readonly status = make("p", { role: "status", class: "editor-status" });
  private readonly below = make("div", { class: "below", id: "below" });
  private readonly runner = make("button", { type: "button", click: () => void this.run() }, word("run"));
  private readonly code: Code;
  private readonly states = new Map<string, ReturnType<Code["state"]>>();
  private readonly found = new Map<string, HTMLElement>();
  private readonly plots = new Map<string, Plot | null>();
  private here = "";
  private running: AbortController | null = null;

  constructor(place: HTMLElement) {
    const failed = (error: unknown): void => this.tell(error);
    const shelf = examples((one) => this.open(one), failed);
    const first = begin((one) => this.open({ ...one, about: "", chart: null }), failed);
    const second = (name: string, click: () => void): HTMLElement =>
      make("button", { type: "button", class: "button second", click }, word(name));
    const actions = make(
      "div",
      { class: "row actions" },
      this.runner,
      second("editor_begin", first.open),
      second("editor_examples", shelf.open),
      second("editor_prefixes", () => void this.code.declareAll().catch(failed)),
      second("editor_share", () => share(this.code.query, this.status)),
      this.status,
    );
    const keys = make("p", { class: "note", id: "editor-keys" }, word("editor_keys"));
    place.replaceChildren(this.strip.element, this.box, actions, keys, first.element, shelf.element, this.below);
    this.code = new Code(this.box, {
      run: () => void this.run(),
      changed: (query) => this.tabs.change({ query }),
    });
    this.strip.made = () => {
      this.tabs.add({ title: this.tabs.title(word("query")), query: BLANK });
      queueMicrotask(() => this.code.view.focus());
    };
  }

  /** Begin: with the query of the URL or of a shared link in a tab, or with the tabs as they were. */
  begin(): void {
    const asked = shared() ?? setting.query;
    if (asked) this.bring({ title: this.tabs.title(word("query")), query: asked });
    this.show();
    if (!asked) return;
    if (setting.problem && asked === setting.query) this.fail(this.here, setting.problem);
    else void this.run();
  }

  /** Activate the tab that holds a query, or add one. */
  private bring(told: { title: string; query: string }): void {
    const same = this.tabs.all.find((one) => one.query.trim() === told.query.trim());
    if (same) this.tabs.activate(same.id);
    else this.tabs.add(told);
  }

  private open(one: Example): void {
    this.bring({ title: one.title, query: one.query });
    this.plots.set(this.tabs.active.id, one.chart);
    this.show();
    void this.run();
  }

  /** Show the active tab: its query, and its answer where it has one. */
  private show(): void {
    const { id, title, query } = this.tabs.active;
    if (this.here !== id) {
      if (this.here) this.states.set(this.here, this.code.view.state);
      this.here = id;
      this.code.view.setState(this.states.get(id) ?? this.code.state(query));
      const kept = this.found.get(id);
      this.below.replaceChildren(...(kept ? [kept] : []));
      this.status.textContent = "";
    }
    this.strip.draw();
    this.box.setAttribute("aria-labelledby", this.strip.idOf(id));
    document.title = `${title} – SPARQL`;
  }

  private async run(): Promise<void> {
    if (this.running) return this.running.abort();
    const { id, title } = this.tabs.active;
    const controller = new AbortController();
    this.running = controller;
    this.code.mark(null);
    await this.code.declare();
    this.busy(true);
    try {
      const { query } = this.code;
      const [answer, { warnings }] = await Promise.all([ask(query, controller.signal), check(query)]);
      if (query === this.code.query) this.code.mark(null, warnings);
      const made = answered(answer, title, this.plots.get(id) ?? null, warnings.length > 0, (error) => this.tell(error));
      made.prepend(...warnings.map((one) => noted(one, () => this.mend(one, query))));
      this.keep(id, made);
      this.status.textContent = made.querySelector("#answer")?.textContent ?? "";
    } catch (error) {
      if (error instanceof Failed) this.fail(id, error.problem);
      else if (error instanceof DOMException && error.name === "AbortError") this.status.textContent = word("editor_stopped");
      else throw error;
    } finally {
      this.running = null;
      this.busy(false);
    }
  }

  /** Put the nearest term into the query that was run, and run it again. */
  private mend(warning: Warning, query: string): void {
    if (query === this.code.query) this.code.mend(warning);
    void this.run();
  }

  private busy(now: boolean): void {
    this.runner.textContent = word(now ? "editor_stop" : "run");
    this.below.setAttribute("aria-busy", String(now));
    if (now) this.status.textContent = word("editor_running");
  }

  private keep(id: string, element: HTMLElement): void {
    this.found.set(id, element);
    if (id === this.here) this.below.replaceChildren(element);
  }

  private fail(id: string, problem: Problem): void {
    this.status.textContent = "";
    if (id === this.here) this.code.show(problem);
    this.keep(id, failure(problem, () => this.code.goTo(problem)));
  }

  /** Say above the answer, which stays, what went wrong with something beside it. */
  private tell(error: unknown): void {
    if (!(error instanceof Failed)) throw error;
    this.below.querySelector(":scope > .problem")?.remove();
    this.below.prepend(failure(error.problem));
  }
}

const place = make("div", { class: "editor" });
at("plain").replaceWith(place);
document.getElementById("plain-answer")?.remove();
new Editor(place).begin();
export { exampleOf } from "./compose";
export { vocabulary } from "./vocabulary";
