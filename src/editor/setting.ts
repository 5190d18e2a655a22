// What the server says to the editor: language, words of the interface, the first query, and where things are.
import { at } from "./dom";
import type { Problem } from "./endpoint";

export interface Setting {
  lang: string;
  words: Record<string, string>;
  /** What errors say in English, to the same in the language of the page, where that is another. */
  said: Record<string, string>;
  nonce: string;
  /** The query of the URL, empty where it has none; the first query of who comes for the first time. */
  query: string;
  starter: string;
  /** Why the query of the URL failed, where it did. */
  problem: Problem | null;
  /** Names of the formats of rows and of graphs. */
  forms: { rows: string[]; graph: string[] };
}

const told = JSON.parse(at("editor-setting").textContent ?? "") as Setting;

export const setting: Readonly<Setting> = told;

/** Return a word of the interface; `{name}` in it is filled. */
export function word(key: string, filled: Record<string, string | number> = {}): string {
  const text = setting.words[key];
  if (text === undefined) throw new Error(`no word ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(filled[name] ?? whole));
}

/** Return a number in the way of the language of the page. */
export function shown(value: number): string {
  return value.toLocaleString(setting.lang === "nl" ? "nl-NL" : "en-GB");
}
