// An answer as a chart or a map: drawn by this server as the charts of the saved questions are, from chosen columns.
import { make } from "./dom";
import { type Answer, Failed, post } from "./endpoint";
import { failure } from "./failure";
import { setting, word } from "./setting";
import { isNumber } from "./table";

/** What goes where; the names of `kg.queries.chart_header.Plot`. */
export interface Plot {
  mark: string;
  x?: string;
  y?: string;
  colour?: string;
  detail?: string | string[];
  label?: string | string[];
  reference?: string;
  latitude?: string;
  longitude?: string;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 40rem)");

function numbers(answer: Answer): string[] {
  return answer.columns.filter((name) => {
    const terms = answer.rows.flatMap((row) => row[name] ?? []);
    return terms.length > 0 && terms.every(isNumber);
  });
}

/** Return the map that the columns allow: two of coordinates, and one to write beside each place. */
export function mapOf(answer: Answer): Plot | null {
  const found = numbers(answer);
  const latitude = found.find((name) => /^lat/i.test(name));
  const longitude = found.find((name) => /^(lon|lng)/i.test(name));
  const label = answer.columns.find((name) => name !== latitude && name !== longitude);
  return latitude && longitude && label ? { mark: "map", latitude, longitude, label } : null;
}

/** Return a first chart that the columns allow: bars of the first number by the first name. */
export function chartOf(answer: Answer): Plot | null {
  const found = numbers(answer);
  const x = found.find((name) => !/^(lat|lon|lng)/i.test(name));
  const y = answer.columns.find((name) => !found.includes(name));
  return x && y && answer.rows.length > 1 ? { mark: "bar", x, y } : null;
}

/** A chart or map with what chooses its columns. */
export class Picture {
  readonly element = make("div", { class: "picture-view" });
  private readonly drawn = make("div", { class: "drawn", "aria-live": "polite" });
  private readonly link = make("a", {}, word("editor_as_svg"));
  private turn = 0;

  constructor(private readonly answer: Answer, private plot: Plot) {
    if (plot.mark !== "map") this.element.append(this.choices());
    this.element.append(make("figure", { class: "chart" }, this.drawn, make("p", { class: "note" }, word("editor_same_data"), " ", this.link)));
    void this.draw();
    dark.addEventListener("change", () => this.element.isConnected && void this.draw());
  }

  private choices(): HTMLElement {
    const marks = { bar: word("editor_bars"), point: word("editor_points"), links: word("editor_links") };
    const columns = Object.fromEntries(this.answer.columns.map((name) => [name, name]));
    const sets = { x: word("editor_across"), y: word("editor_down"), colour: word("editor_colour") };
    const fields = Object.entries(sets).map(([key, label]) => {
      const none: Record<string, string> = key === "colour" ? { "": "–" } : {};
      return this.choice(key as keyof Plot, label, { ...none, ...columns });
    });
    return make("div", { class: "row choose" }, this.choice("mark", word("editor_mark"), marks), ...fields);
  }

  private choice(key: keyof Plot, label: string, values: Record<string, string>): HTMLElement {
    const select = make("select", { id: `plot-${key}`, change: () => {
      this.plot = { ...this.plot, [key]: select.value || undefined };
      void this.draw();
    } });
    for (const [value, text] of Object.entries(values)) {
      select.append(make("option", { value, selected: (this.plot[key] ?? "") === value }, text));
    }
    return make("p", { class: "field" }, make("label", { for: `plot-${key}` }, label), select);
  }

  private async draw(): Promise<void> {
    const turn = ++this.turn;
    this.drawn.replaceChildren(make("p", { class: "note" }, word("editor_drawing")));
    const told = Object.entries(this.plot).flatMap(([key, value]) => (value ? [[key, String(value)]] : []));
    const fields = { ...Object.fromEntries(told), query: this.answer.query, theme: dark.matches ? "dark" : "light", size: narrow.matches ? "narrow" : "wide" };
    this.link.href = `/sparql/chart?${new URLSearchParams({ ...fields, lang: setting.lang }).toString()}`;
    try {
      const response = await post(`/sparql/chart?lang=${setting.lang}`, fields, "image/svg+xml");
      const svg = await response.text();
      if (turn === this.turn) this.drawn.replaceChildren(this.plot.mark === "map" ? inline(svg) : image(svg));
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      if (turn === this.turn) this.drawn.replaceChildren(failure(error.problem));
    }
  }
}

function parsed(svg: string): Document {
  return new DOMParser().parseFromString(svg, "image/svg+xml");
}

/** Return a map as part of the page, so that its links work. */
function inline(svg: string): Node {
  return document.importNode(parsed(svg).documentElement, true);
}

/** Return a chart as an image, with its own title and description as text. */
function image(svg: string): HTMLElement {
  const root = parsed(svg).documentElement;
  const texts = ["title", "desc"].map((name) => root.querySelector(`:scope > ${name}`)?.textContent ?? "");
  const src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  const size = { width: root.getAttribute("width") ?? undefined, height: root.getAttribute("height") ?? undefined };
  return make("img", { src, alt: texts.filter(Boolean).join(" "), ...size });
}
