// An answer as a table: labels of this graph instead of IRIs, sorted, filtered and turned over by pages.
import { make } from "./dom";
import { type Answer, type Label, labels, type Row, type Term } from "./endpoint";
import { setting, shown, word } from "./setting";

const PAGE = 100;
const NAMED = 20_000; // Rows whose labels are fetched to sort and filter by; beyond them, IRIs count.
const BATCH = 4000; // IRIs of one request.
const NUMBER = /#(integer|decimal|double|float|int|long|short|byte|nonNegativeInteger|positiveInteger|unsignedInt|gYear)$/;

/** Return whether a term is a number. */
export function isNumber(term: Term | undefined): boolean {
  return term?.type === "literal" && NUMBER.test(term.datatype ?? "");
}

/** The table of one answer. */
export class Table {
  readonly element = make("div", { class: "table-view" });
  private readonly known = new Map<string, Label>();
  private readonly counted = make("span", { role: "status" });
  private readonly sheet = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("editor_table") });
  private readonly turner = make("p", { class: "pages" });
  private page = 0;
  private turn = 0;
  private sorted: { column: string; down: boolean } | null = null;
  private wanted = "";
  private bare = false;

  constructor(private readonly answer: Answer) {
    const field = make("input", { id: "filter", type: "search", autocomplete: "off", input: () => this.filter(field.value) });
    const plain = make("input", { type: "checkbox", change: () => this.show(() => (this.bare = plain.checked)) });
    const bar = make("div", { class: "row table-bar" });
    if (answer.rows.length > 10) bar.append(make("p", { class: "field" }, make("label", { for: "filter" }, word("editor_filter")), field));
    const hasIris = answer.rows.some((row) => answer.columns.some((column) => row[column]?.type === "uri"));
    if (hasIris) bar.append(make("label", { class: "check" }, plain, ` ${word("editor_iris")}`));
    bar.append(this.counted);
    this.element.append(bar, this.sheet, this.turner);
    this.show(() => undefined);
  }

  private filter(text: string): void {
    this.show(() => {
      this.wanted = text.trim().toLowerCase();
      this.page = 0;
    });
  }

  private sort(column: string): void {
    const again = this.sorted?.column === column;
    this.sorted = again && this.sorted?.down ? null : { column, down: again };
    this.page = 0;
    const focus = (): void => this.sheet.querySelector<HTMLElement>(`th[data-column="${CSS.escape(column)}"] button`)?.focus();
    void this.draw().then(focus);
  }

  private show(change: () => unknown): void {
    change();
    void this.draw();
  }

  /** Draw the page of the table; labels that fail to come leave the IRIs short. */
  private async draw(): Promise<void> {
    const turn = ++this.turn;
    if (this.sorted || this.wanted) await this.learn(this.answer.rows.slice(0, NAMED));
    const rows = this.ordered(this.answer.rows.filter((row) => this.holds(row)));
    const seen = rows.slice(this.page * PAGE, (this.page + 1) * PAGE);
    await this.learn(seen);
    if (turn !== this.turn) return; // The reader has gone on meanwhile.
    const body = make("tbody", {}, ...seen.map((row) => make("tr", {}, ...this.answer.columns.map((name) => this.cell(row[name])))));
    const head = make("thead", {}, make("tr", {}, ...this.answer.columns.map((name) => this.header(name))));
    this.sheet.replaceChildren(make("table", {}, head, body));
    this.counted.textContent = this.wanted ? word("editor_kept", { count: shown(rows.length), all: shown(this.answer.rows.length) }) : "";
    this.pages(rows.length);
  }

  private async learn(rows: Row[]): Promise<void> {
    const terms = rows.flatMap((row) => this.answer.columns.map((column) => row[column]));
    const iris = new Set(terms.flatMap((term) => (term?.type === "uri" && !this.known.has(term.value) ? [term.value] : [])));
    const asked = [...iris];
    for (let start = 0; start < asked.length; start += BATCH) {
      const found = await labels(asked.slice(start, start + BATCH)).catch(() => ({}));
      for (const [iri, label] of Object.entries(found)) this.known.set(iri, label as Label);
    }
  }

  private text(term: Term | undefined): string {
    if (!term) return "";
    return this.bare ? term.value : (this.known.get(term.value)?.[0] ?? term.value);
  }

  private holds(row: Row): boolean {
    return !this.wanted || this.answer.columns.some((column) => this.text(row[column]).toLowerCase().includes(this.wanted));
  }

  private ordered(rows: Row[]): Row[] {
    if (!this.sorted) return rows;
    const { column, down } = this.sorted;
    const collator = new Intl.Collator(setting.lang, { numeric: true });
    const compared = (left: Row, right: Row): number => {
      const [one, two] = [left[column], right[column]];
      if (!one || !two) return Number(!one) - Number(!two);
      const order = isNumber(one) && isNumber(two) ? Number(one.value) - Number(two.value) : collator.compare(this.text(one), this.text(two));
      return down ? -order : order;
    };
    return [...rows].sort(compared);
  }

  private header(name: string): HTMLElement {
    const here = this.sorted?.column === name ? this.sorted : null;
    const sign = here ? (here.down ? " ▾" : " ▴") : "";
    const button = make("button", { type: "button", class: "sorter", click: () => this.sort(name) }, name, make("span", { "aria-hidden": "true" }, sign));
    const order = here ? (here.down ? "descending" : "ascending") : undefined;
    return make("th", { scope: "col", "data-column": name, "aria-sort": order }, button);
  }

  private cell(term: Term | undefined): HTMLElement {
    if (!term) return make("td");
    if (isNumber(term)) return make("td", { class: "number" }, term.value);
    if (term.type === "literal") return make("td", {}, ...this.literal(term));
    if (term.type !== "uri") return make("td", {}, make("code", {}, term.type === "bnode" ? `_:${term.value}` : JSON.stringify(term.value)));
    const [text, lang, href] = this.known.get(term.value) ?? [term.value, "", ""];
    const told = this.bare ? make("code", {}, term.value) : text;
    return make("td", {}, href ? make("a", { href, title: term.value, lang: (!this.bare && lang) || undefined }, told) : told);
  }

  private literal(term: Term): (Node | string)[] {
    const tag = term["xml:lang"];
    const kind = term.datatype?.replace(/^.*[#/]/, "");
    if (this.bare && (tag || kind)) return [term.value, make("span", { class: "note" }, tag ? ` @${tag}` : ` ^^${kind ?? ""}`)];
    return [tag && tag !== setting.lang ? make("span", { lang: tag }, term.value) : term.value];
  }

  private pages(total: number): void {
    const last = Math.max(0, Math.ceil(total / PAGE) - 1);
    if (!last) return this.turner.replaceChildren();
    const go = (page: number) => () => this.show(() => (this.page = page));
    const step = (name: string, page: number, open: boolean): HTMLElement =>
      make("button", { type: "button", class: "button second", disabled: !open, click: go(page) }, word(name));
    const from = this.page * PAGE + 1;
    const told = word("editor_page", { from: shown(from), to: shown(Math.min(from + PAGE - 1, total)), all: shown(total) });
    this.turner.replaceChildren(
      step("previous", this.page - 1, this.page > 0),
      make("span", { role: "status" }, told),
      step("next", this.page + 1, this.page < last),
    );
  }
}
