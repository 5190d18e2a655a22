// The terms of this graph, from /sparql/terms.json: prefixes, classes, properties with the classes that have them, things.
import { load } from "./endpoint";

type Texts = { nl?: string; en?: string };
/** A class or property: prefixed name, labels, definitions, how often it is used; `of`: places of the classes that
 * have it, each with how often. */
export interface Named {
  name: string;
  label: Texts;
  about: Texts;
  count: number;
  of?: [kind: number, count: number][];
}
/** A thing: what follows `base` in its IRI, or its whole IRI; labels; place of its class. */
export type Thing = [path: string, nl: string, en: string, kind: number];

export interface Vocabulary {
  base: string;
  prefixes: Record<string, string>;
  classes: Named[];
  properties: Named[];
  things: Thing[];
}

let asked: Promise<Vocabulary> | null = null;

/** Return the terms, fetched once; after a failure they are asked for anew. */
export function vocabulary(): Promise<Vocabulary> {
  asked ??= load<Vocabulary>("/sparql/terms.json").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}
