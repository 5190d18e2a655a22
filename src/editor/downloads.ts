// The answer as files, and as lines that fetch it from pandas, R and a shell.
import { make } from "./dom";
import { type Answer, post } from "./endpoint";
import { setting, word } from "./setting";

const LONG = 8000; // Characters of a URL that other tools take.

/** Return buttons that save an answer, each in a form of the server, and the lines that fetch it. */
export function downloads(answer: Answer, name: string, failed: (error: unknown) => void): HTMLElement {
  const forms = answer.turtle === null ? [...setting.forms.rows, "xlsx"] : setting.forms.graph;
  const list = forms.map((form) => {
    const button = make("button", { type: "button", click: () => void save(answer.query, form, name).catch(failed) }, form);
    return make("li", {}, button);
  });
  const buttons = make("ul", { class: "formats saved", "aria-label": word("formats") }, ...list);
  const url = `${location.origin}/sparql?${new URLSearchParams({ format: answer.turtle === null ? "csv" : "ttl", query: answer.query }).toString()}`;
  return make("div", { class: "take" }, buttons, url.length > LONG ? null : lines(url, answer.turtle === null));
}

async function save(query: string, form: string, name: string): Promise<void> {
  const path = form === "xlsx" ? `/sparql/xlsx?lang=${setting.lang}` : "/sparql";
  const response = await post(path, form === "xlsx" ? { query } : { query, format: form }, "*/*");
  const url = URL.createObjectURL(await response.blob());
  make("a", { href: url, download: `${slug(name)}.${form}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function slug(name: string): string {
  const bare = name.normalize("NFKD").replace(/[^\w]+/g, "-").replace(/^-+|-+$/g, "").toLowerCase();
  return bare.slice(0, 60) || "answer";
}

function lines(url: string, rows: boolean): HTMLElement {
  const shell = `curl --fail --silent --show-error --output ${rows ? "answer.csv" : "answer.ttl"} '${url.replaceAll("'", "%27")}'`;
  const told: [string, string][] = rows
    ? [
        ["pandas", `import pandas as pd\nframe = pd.read_csv(${JSON.stringify(url)})`],
        ["R", `frame <- read.csv(${JSON.stringify(url)}, encoding = "UTF-8")`],
        ["curl", shell],
      ]
    : [["curl", shell]];
  const blocks = told.flatMap(([name, text]) => [make("p", { class: "of-line" }, name), make("pre", { tabindex: 0, lang: "zxx" }, text)]);
  return make("details", {}, make("summary", {}, word("editor_lines")), ...blocks);
}
