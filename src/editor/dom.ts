// Elements, made without a string of HTML: what comes from outside stays text.
type Told = Record<string, string | boolean | number | ((event: Event) => void) | undefined>;
type Child = Node | string | null;

/** Return an element: functions become listeners, true an empty attribute, false and undefined none. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, told: Told = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(told)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Return the element of an id; its absence is a mistake of the page. */
export function at(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
