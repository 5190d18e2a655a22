// A first query by clicking: a class, then an example of it, or its properties and filters; the query is written out.
import { type Choice, compose, exampleOf, type Filter, propertiesOf, titleOf } from "./compose";
import { make } from "./dom";
import { ask } from "./endpoint";
import { shown, word } from "./setting";
import { type Kind, labelOf, OURS, type Property, textOf, type Thing, type Vocabulary, vocabulary } from "./vocabulary";

const WORDS: Record<string, string> = {
  "": "editor_by_any",
  has: "editor_by_has",
  is: "editor_by_is",
  "=": "editor_by_equal",
  ">=": "editor_by_least",
  "<=": "editor_by_most",
};
const FIRST = 12; // Properties that are open; the others are folded.
const SHOWN = 20; // Things that are found by name.
const LETTERS = 2; // Of a name that is looked for.

/** A query with a title, to put into a tab. */
export interface Made {
  title: string;
  query: string;
}

/** Return the dialog; it asks for the terms when it opens first. */
export function begin(chosen: (one: Made) => void, failed: (error: unknown) => void): { open: () => void; element: HTMLElement } {
  const body = make("div", { class: "begin" });
  const close = make("button", { type: "button", class: "button second", click: () => dialog.close() }, word("editor_close"));
  const head = make("h2", { id: "begin-head", tabindex: -1 });
  const dialog = make("dialog", { class: "examples", "aria-labelledby": "begin-head" }, make("div", { class: "dialog-head" }, head, close), body);
  const done = (one: Made): void => {
    dialog.close();
    chosen(one);
  };
  const show = (title: string, ...children: HTMLElement[]): void => {
    head.textContent = title;
    body.replaceChildren(...children);
    dialog.scrollTop = 0;
  };
  const choose = (terms: Vocabulary): void => {
    const back = (): HTMLElement => make("button", { type: "button", class: "button second", click: () => choose(terms) }, word("editor_back"));
    const take = (kind: Kind, given?: Given): void => {
      show(labelOf(kind), ...steps(kind, terms, back(), done, given));
      head.focus();
    };
    const about = async (thing: Thing): Promise<void> => {
      const said = await waysTo(thing, terms);
      show(textOf(thing), make("p", {}, word("editor_ways")), ways(thing, terms, said, take), make("p", { class: "row begin-end" }, back()));
      head.focus();
    };
    const { list, field } = classes(terms, take, (thing) => void about(thing).catch(failed));
    show(word("editor_begin"), make("p", {}, word("editor_begin_lead")), field, list);
    field.querySelector("input")?.focus();
  };
  const open = async (): Promise<void> => {
    const terms = await vocabulary();
    dialog.showModal();
    choose(terms);
  };
  return { open: () => void open().catch(failed), element: dialog };
}

/** A value of a property that a query begins with. */
interface Given {
  property: Property;
  thing: Thing;
}

/** Return the pairs of a class and a property that lead to a thing in this graph. */
async function waysTo(thing: Thing, { prefixes }: Vocabulary): Promise<Set<string>> {
  const { rows } = await ask(`SELECT DISTINCT ?kind ?way { ?one ?way <${thing.iri}> ; a ?kind }`, new AbortController().signal);
  const ours = prefixes[OURS.slice(0, -1)] ?? "";
  return new Set(rows.map(({ kind, way }) => `${kind?.value ?? ""} ${way?.value ?? ""}`.replaceAll(ours, OURS)));
}

/** Return as buttons what is said of a thing: a class, and a property that leads from it to the thing. */
function ways(thing: Thing, terms: Vocabulary, said: Set<string>, picked: (kind: Kind, given: Given) => void): HTMLElement {
  const found = terms.properties.filter(({ name, to }) => name.startsWith(OURS) && to.some(([kind]) => kind === thing.kind)).flatMap((property) =>
    property.of.flatMap(([place, count]): [Kind, Property, number][] => {
      const kind = terms.classes[place];
      return kind?.name.startsWith(OURS) && said.has(`${kind.name} ${property.name}`) ? [[kind, property, count]] : [];
    }),
  );
  const meant = ({ to, count }: Property): number => (to.find(([kind]) => kind === thing.kind)?.[1] ?? 0) / count;
  const order = found.sort(([, one, times], [, other, often]) => meant(other) - meant(one) || often - times);
  const items = order.map(([kind, property]) => {
    const button = make("button", { type: "button", class: "example", click: () => picked(kind, { property, thing }) }, `${labelOf(kind)}: ${labelOf(property)}`);
    return make("li", {}, button, make("span", { class: "note" }, ` ${textOf(property.about)}`));
  });
  return make("div", { class: "example-list" }, make("ul", {}, ...items));
}

/** Return the classes as buttons, those of this graph's own first, with a field that narrows them and finds things by name. */
function classes(terms: Vocabulary, picked: (kind: Kind) => void, about: (thing: Thing) => void): { list: HTMLElement; field: HTMLElement } {
  const ours = terms.classes.filter(({ name }) => name.startsWith(OURS));
  const main = ours.filter((one) => one.main);
  const group = (title: string, kinds: Kind[]): HTMLElement => {
    const items = [...kinds].sort((one, other) => labelOf(one).localeCompare(labelOf(other))).map((kind) => {
      const button = make("button", { type: "button", class: "example", click: () => picked(kind) }, labelOf(kind));
      return make("li", { "data-text": `${Object.values(kind.label).join(" ")} ${kind.name}`.toLowerCase() }, button, make("span", { class: "note" }, ` ${shown(kind.count)} · ${textOf(kind.about) || kind.name}`));
    });
    return make("section", {}, make("h3", {}, title), make("ul", {}, ...items));
  };
  const others = terms.classes.filter((one) => !ours.includes(one));
  const list = make("div", { class: "example-list" }, group(word("editor_main_classes"), main), group(word("editor_own_classes"), ours.filter((one) => !one.main)), group(word("editor_other_classes"), others));
  const named = make("section", { hidden: true });
  const none = make("p", { role: "status" });
  list.append(named, none);
  const narrow = (): void => {
    const wanted = input.value.trim().toLowerCase();
    const things = wanted.length < LETTERS ? [] : terms.things.filter((one) => `${one.nl}\n${one.en}`.toLowerCase().includes(wanted));
    things.sort((one, other) => textOf(one).length - textOf(other).length);
    const items = things.slice(0, SHOWN).map((one) => {
      const button = make("button", { type: "button", class: "example", click: () => about(one) }, textOf(one));
      const kind = terms.classes[one.kind];
      return make("li", { "data-text": wanted }, button, make("span", { class: "note" }, ` ${kind ? labelOf(kind) : ""}`));
    });
    named.replaceChildren(make("h3", {}, word("editor_things")), make("ul", {}, ...items));
    for (const item of list.querySelectorAll("li")) item.hidden = !item.dataset["text"]?.includes(wanted);
    for (const section of list.querySelectorAll("section")) section.hidden = !section.querySelector("li:not([hidden])");
    none.textContent = list.querySelector("section:not([hidden])") ? "" : word("editor_begin_none", { text: input.value.trim() });
  };
  const input = make("input", { id: "class-filter", type: "search", autocomplete: "off", input: narrow });
  return { list, field: make("p", { class: "field" }, make("label", { for: "class-filter" }, word("editor_find_class")), input) };
}

/** Return what one can do with a class: see an example, or choose properties and filters. */
function steps(kind: Kind, terms: Vocabulary, back: HTMLElement, done: (one: Made) => void, given?: Given): HTMLElement[] {
  const example = (): void => done({ title: word("editor_example_of", { kind: labelOf(kind) }), query: exampleOf(kind, terms) });
  const first = (property: Property): boolean => property === given?.property;
  const place = ({ name }: Property): number => (kind.shown.includes(name) ? kind.shown.indexOf(name) : kind.shown.length);
  const properties = propertiesOf(kind, terms).sort(([one], [other]) => Number(first(other)) - Number(first(one)) || place(one) - place(other));
  const rows = properties.map(([property, count]) => new Row(property, count, terms, first(property) ? given?.thing : undefined));
  const name = make("input", { id: "begin-name", type: "search", autocomplete: "off" });
  const named = make("p", { class: "field" }, make("label", { for: "begin-name" }, word("editor_name_has")), name);
  const more = rows.slice(FIRST).map((row) => row.element);
  const folded = make("details", {}, make("summary", {}, word("editor_more_properties", { count: more.length })), make("ul", {}, ...more));
  const submit = (event: Event): void => {
    event.preventDefault();
    const choices = rows.flatMap((row) => row.choice);
    const wanted = { kind, name: name.value.trim(), choices };
    done({ title: titleOf(wanted), query: compose(wanted, terms) });
  };
  const form = make(
    "form",
    { class: "begin-form", submit },
    make("h3", {}, word("editor_columns")),
    ...(kind.named.length ? [named] : []),
    make("ul", { class: "begin-rows" }, ...rows.slice(0, FIRST).map((row) => row.element)),
    ...(more.length ? [folded] : []),
    make("p", { class: "row begin-end" }, make("button", { type: "submit" }, word("editor_make")), back),
  );
  const shows = make("button", { type: "button", class: "button second", click: example }, word("editor_show_example"));
  return [make("p", {}, textOf(kind.about)), make("p", {}, shows), form];
}

/** A property that one can tick, then narrow by a filter. */
class Row {
  readonly element: HTMLElement;
  private readonly box = make("input", { type: "checkbox", change: () => this.open() });
  private readonly by = make("select", { "aria-label": word("editor_filter_by"), change: () => this.ask() });
  private readonly value = make("input", { autocomplete: "off", "aria-label": word("editor_filter_value"), required: true, hidden: true, disabled: true });
  private readonly loose = make("input", { type: "checkbox" });
  private readonly narrow = make("div", { class: "begin-narrow", hidden: true });
  private readonly known: Thing[];

  constructor(private readonly property: Property, count: number, terms: Vocabulary, thing?: Thing) {
    const range = new Set(property.to.map(([kind]) => kind));
    this.known = terms.things.filter((one) => range.has(one.kind)).sort((one, other) => textOf(one).localeCompare(textOf(other)));
    const label = make("label", { class: "check", title: textOf(property.about) }, this.box, ` ${labelOf(property)}`);
    this.element = make("li", {}, label, make("span", { class: "note" }, ` ${shown(count)} · ${property.name}`), this.narrow);
    if (!thing) return;
    this.box.checked = true;
    this.open();
    this.by.value = "is";
    this.ask();
    this.value.value = textOf(thing);
  }

  /** What is chosen: nothing where the property is not ticked. */
  get choice(): Choice[] {
    if (!this.box.checked) return [];
    const filter = this.filter();
    return [{ property: this.property, optional: this.loose.checked, ...(filter && { filter }) }];
  }

  private filter(): Filter | null {
    const by = this.by.value;
    const text = this.value.value.trim();
    if (by === "has") return { by, text };
    if (by === ">=" || by === "<=" || by === "=") return { by, number: Number(text) };
    const thing = this.thing();
    return by === "is" && thing ? { by, thing } : null;
  }

  private thing(): Thing | undefined {
    return this.known.find((one) => textOf(one) === this.value.value.trim());
  }

  private open(): void {
    this.narrow.hidden = !this.box.checked;
    this.value.disabled = !this.box.checked || this.by.value === "";
    if (this.by.options.length) return;
    const numbers = this.property.values["number"] ? ["=", ">=", "<="] : [];
    for (const by of ["", ...(numbers.length ? numbers : ["has"]), ...(this.known.length ? ["is"] : [])]) {
      this.by.append(make("option", { value: by }, word(WORDS[by] ?? "")));
    }
    const list = make("datalist", { id: `known-${this.property.name}` }, ...this.known.map((one) => make("option", { value: textOf(one) })));
    this.value.setAttribute("list", list.id);
    this.value.addEventListener("input", () => this.judge());
    this.narrow.append(this.by, this.value, list, make("label", { class: "check" }, this.loose, ` ${word("editor_loose")}`));
  }

  private ask(): void {
    const by = this.by.value;
    this.value.hidden = by === "";
    this.value.disabled = by === "";
    this.value.type = by === "" || by === "has" || by === "is" ? "search" : "number";
    this.value.step = "any";
    this.judge();
    if (by) this.value.focus();
  }

  private judge(): void {
    this.value.setCustomValidity(this.by.value === "is" && this.value.value && !this.thing() ? word("editor_not_known") : "");
  }
}

