// Queries written from choices: of a class, properties and filters, in SPARQL that one can read.
import { setting, shown, word } from "./setting";
import { isType } from "./triples";
import { type Kind, labelOf, OURS, type Property, textOf, type Thing, variableOf, type Vocabulary } from "./vocabulary";

const NAME = "skos:prefLabel";
const ROWS = 1000;
const MOST = 3; // Properties of an example.

/** A filter: the thing itself, a text that is in it, or a comparison of numbers. */
export type Filter = { by: "is"; thing: Thing } | { by: "has"; text: string } | { by: "=" | ">=" | "<="; number: number };
/** A property that becomes a column; `optional` keeps rows without it. */
export interface Choice {
  property: Property;
  optional: boolean;
  filter?: Filter;
}
/** What is asked: things of a class, with a text in their name, one of them only, with properties. */
export interface Wanted {
  kind: Kind;
  name?: string;
  only?: [name: string, label: string];
  choices: Choice[];
  note?: string;
}

/** Return the properties of a class, its own first and the most used first, without type and name. */
export function propertiesOf(kind: Kind, terms: Vocabulary): [Property, number][] {
  const place = terms.classes.indexOf(kind);
  const found = terms.properties.flatMap((one): [Property, number][] => {
    const count = one.of.find(([number]) => number === place)?.[1] ?? 0;
    return count && !isType(one.name) && one.name !== NAME ? [[one, count]] : [];
  });
  const ours = ({ name }: Property): boolean => name.startsWith(OURS);
  return found.sort(([one, count], [other, next]) => Number(ours(other)) - Number(ours(one)) || next - count || one.name.localeCompare(other.name));
}

/** Return a query for one thing of a class with those of its properties that the class uses most. */
export function exampleOf(kind: Kind, terms: Vocabulary): string {
  const [name, nl, en, has] = kind.example;
  const own = propertiesOf(kind, terms).filter(([{ name }]) => has.includes(name));
  const choices = own.slice(0, MOST).map(([property]) => ({ property, optional: true }));
  const note = word("editor_example_note", { kind: labelOf(kind), count: shown(kind.count) });
  return compose({ kind, only: [name, textOf({ nl, en })], choices, note }, terms);
}

/** Return the query for what is asked. */
export function compose(wanted: Wanted, terms: Vocabulary): string {
  const { kind, choices } = wanted;
  const taken = new Set<string>();
  const fresh = (text: string): string => {
    const name = variableOf(text);
    let number = 2;
    let variable = name;
    while (taken.has(variable)) variable = `${name}${number++}`;
    taken.add(variable);
    return variable;
  };
  const thing = fresh(labelOf(kind));
  const name = kind.named.length ? fresh(word("editor_name")) : "";
  const columns = choices.map(({ property }) => fresh(labelOf(property)));
  const several = choices.length > 1 && !wanted.only;
  const body = [
    `  ${thing} a ${kind.name} .`,
    ...(wanted.only ? [`  VALUES ${thing} { ${wanted.only[0]} }  # ${oneLine(wanted.only[1])}`] : []),
    ...(name ? named(thing, name, kind.named) : []),
    ...(name && wanted.name ? [`  ${contains(name, wanted.name)}`] : []),
    ...choices.flatMap((choice, place) => {
      const column = columns[place] ?? "";
      const lines = several && choice.filter?.by !== "is" && !choice.property.values["number"] ? gathered(thing, column, choice, terms, fresh) : chosen(thing, column, choice, terms, fresh).lines;
      return ["", `  # ${oneLine(labelOf(choice.property))}`, ...(choice.optional ? ["  OPTIONAL {", ...lines.map((line) => `  ${line}`), "  }"] : lines)];
    }),
  ];
  const select = [`# ${oneLine(wanted.note ?? titleOf(wanted))}`, `SELECT ${[thing, ...columns].join(" ")}`, "WHERE {", ...body, "}"];
  const query = [...select, `ORDER BY ${name || thing}`, `LIMIT ${ROWS}`, ""].join("\n");
  return prologue(query, terms) + query;
}

/** Return what a query asks, in a line. */
export function titleOf({ kind, name, choices }: Wanted): string {
  const said = ({ property, filter }: Choice): string => {
    if (!filter) return labelOf(property);
    const value = filter.by === "has" ? `“${filter.text}”` : filter.by === "is" ? textOf(filter.thing) : `${filter.by} ${filter.number}`;
    return `${labelOf(property)} ${value}`;
  };
  return [name ? `${labelOf(kind)} “${name}”` : labelOf(kind), choices.map(said).join(", ")].filter(Boolean).join(": ");
}

function prologue(query: string, terms: Vocabulary): string {
  const used = [...query.replace(/#.*|<[^>]*>|"[^"]*"/g, "").matchAll(/([\w-]+):/g)].map((match) => match[1] ?? "");
  const lines = [...new Set(used)].sort().map((prefix) => `PREFIX ${prefix}: <${terms.prefixes[prefix] ?? ""}>\n`);
  return lines.length ? `${lines.join("")}\n` : "";
}

/** Return the lines that find a name in the language of the page; where not all have one in it, it may lack. */
function named(thing: string, name: string, langs: string[]): string[] {
  const lines = [`  ${thing} ${NAME} ${name} .`, `  FILTER(LANG(${name}) = "${setting.lang}")`];
  return langs.includes(setting.lang) ? lines : ["  OPTIONAL {", ...lines.map((line) => `  ${line}`), "  }"];
}

function contains(variable: string, text: string): string {
  return `FILTER(CONTAINS(LCASE(STR(${variable})), ${JSON.stringify(text.toLowerCase())}))`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

/** Return the lines that put all values of a property that are wanted into one cell: a thing is one row, whatever else is asked of it. */
function gathered(thing: string, column: string, choice: Choice, terms: Vocabulary, fresh: (text: string) => string): string[] {
  const value = fresh(`${column.slice(1)} ${word("editor_value")}`);
  const { lines, name } = chosen(thing, value, choice, terms, fresh);
  const langs = namesOf(choice.property, terms);
  const text = name || (langs.length ? fresh(`${column.slice(1)} ${word("editor_name")}`) : "");
  const label = name || !text ? [] : [`  OPTIONAL { ${value} ${NAME} ${text} . FILTER(LANG(${text}) = "${setting.lang}") }`];
  const said = name || (text ? `COALESCE(${text}, STR(${value}))` : `STR(${value})`);
  const inner = [...lines, ...label].map((line) => `  ${line}`);
  return ["  {", `    SELECT ${thing} (GROUP_CONCAT(DISTINCT ${said}; SEPARATOR = ", ") AS ${column}) {`, ...inner.map((line) => `  ${line}`), `    } GROUP BY ${thing}`, "  }"];
}

/** Return in which languages values of a property have names. */
function namesOf(property: Property, terms: Vocabulary): string[] {
  return property.to.flatMap(([kind]) => terms.classes[kind]?.named ?? []);
}

/** Return the lines that find the values of a property that are wanted, and the variable of their name where they need one. */
function chosen(thing: string, column: string, { property, filter }: Choice, terms: Vocabulary, fresh: (text: string) => string): { lines: string[]; name: string } {
  const lines = [`  ${thing} ${property.name} ${column} .`];
  const { nl = 0, en = 0 } = property.values;
  if (nl && en) lines.push(`  FILTER(LANG(${column}) = "${setting.lang}")`);
  const plain = (...more: string[]): { lines: string[]; name: string } => ({ lines: [...lines, ...more], name: "" });
  if (!filter) return plain();
  if (filter.by === "is") return plain(`  VALUES ${column} { ${filter.thing.name} }  # ${oneLine(textOf(filter.thing))}`);
  if (filter.by !== "has") return plain(`  FILTER(${column} ${filter.by} ${filter.number})`);
  if (!namesOf(property, terms).includes(setting.lang)) return plain(`  ${contains(column, filter.text)}`);
  const name = fresh(`${column.slice(1)} ${word("editor_name")}`);
  return { lines: [...lines, `  ${column} ${NAME} ${name} .`, `  FILTER(LANG(${name}) = "${setting.lang}")`, `  ${contains(name, filter.text)}`], name };
}
