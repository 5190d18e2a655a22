// Tabs: queries with titles, kept in this browser (localStorage), never sent.
const KEY = "klimaatbanen.sparql.tabs";

export interface Tab {
  id: string;
  title: string;
  query: string;
}

interface Kept {
  tabs: Tab[];
  active: string;
}

/** The queries of this browser; there is always at least one, and one is active. */
export class Tabs {
  private tabs: Tab[] = [];
  private current = "";

  /** Read what was kept, or begin with one tab. */
  constructor(private readonly first: () => Omit<Tab, "id">) {
    const kept = read();
    this.tabs = kept?.tabs ?? [];
    if (!this.tabs.length) this.add(first());
    this.current = this.tabs.find((one) => one.id === kept?.active)?.id ?? this.tabs[0]?.id ?? "";
  }

  get all(): readonly Tab[] {
    return this.tabs;
  }

  get active(): Tab {
    const found = this.tabs.find((one) => one.id === this.current) ?? this.tabs[0];
    if (!found) throw new Error("there is no tab");
    return found;
  }

  activate(id: string): void {
    this.current = id;
    this.keep();
  }

  /** Add a tab behind the others and activate it. */
  add(told: Omit<Tab, "id">): Tab {
    const tab = { id: fresh(this.tabs), ...told };
    this.tabs.push(tab);
    this.activate(tab.id);
    return tab;
  }

  /** Close a tab; its neighbour becomes active, or a new one where it was the last. */
  close(id: string): void {
    const place = this.tabs.findIndex((one) => one.id === id);
    if (place < 0) return;
    this.tabs.splice(place, 1);
    if (!this.tabs.length) this.add(this.first());
    if (this.current === id) this.current = this.tabs[Math.min(place, this.tabs.length - 1)]?.id ?? "";
    this.keep();
  }

  change(told: Partial<Omit<Tab, "id">>): void {
    Object.assign(this.active, told);
    this.keep();
  }

  /** Return a title that no tab has: a word and a number. */
  title(name: string): string {
    const taken = new Set(this.tabs.map((one) => one.title));
    let number = 1;
    while (taken.has(`${name} ${number}`)) number++;
    return `${name} ${number}`;
  }

  private keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ tabs: this.tabs, active: this.current } satisfies Kept));
    } catch {
      // Storage is full or forbidden: the tabs last as long as the page.
    }
  }
}

function fresh(tabs: readonly Tab[]): string {
  const taken = new Set(tabs.map((one) => one.id));
  let number = 1;
  while (taken.has(`q${number}`)) number++;
  return `q${number}`;
}

function read(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as Kept | null;
    const tabs = kept?.tabs.filter((one) => [one.id, one.title, one.query].every((text) => typeof text === "string"));
    return tabs && kept ? { tabs, active: String(kept.active) } : null;
  } catch {
    return null; // Forbidden, or written by something else.
  }
}
