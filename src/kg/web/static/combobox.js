// Suggestions while typing: the combobox pattern with list autocompletion (WAI-ARIA APG). Down and Up go through the list,
// Enter takes the marked one, or else sends the form; Esc closes the list, and then empties the field.
"use strict";

class Combobox {
  #wait = 0;
  #asked = new AbortController();
  #options = [];
  #at = -1;

  constructor(field) {
    this.field = field;
    this.name = field.name;
    this.list = document.createElement("ul");
    Object.assign(this.list, { id: `${field.id}-list`, className: "suggestions", role: "listbox", hidden: true });
    this.list.setAttribute("aria-label", field.dataset.list);
    this.told = document.createElement("span");
    Object.assign(this.told, { className: "quiet", role: "status" });
    field.after(this.list, this.told);
    for (const [name, value] of Object.entries({ autocomplete: "list", expanded: false, controls: this.list.id }))
      field.setAttribute(`aria-${name}`, value);
    field.role = "combobox";
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("keydown", (event) => this.#pressed(event));
    field.addEventListener("blur", () => this.#close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // The field keeps the focus.
    this.list.addEventListener("click", (event) => {
      const at = [...this.list.children].indexOf(event.target.closest("li"));
      if (at >= 0) this.#take(at);
    });
  }

  get #into() {
    return this.field.dataset.into ? this.field.form.elements[this.field.dataset.into] : null;
  }

  #typed() {
    if (this.#into) this.#into.value = "";
    this.field.name = this.name;
    clearTimeout(this.#wait);
    this.#asked.abort();
    if (this.field.value.trim().length < 2) this.#close();
    else this.#wait = setTimeout(() => this.#ask(), 150);
  }

  async #ask() {
    this.#asked = new AbortController();
    const url = new URL(this.field.dataset.suggest, location);
    url.searchParams.set("q", this.field.value.trim());
    try {
      const answer = await fetch(url, { signal: this.#asked.signal });
      if (answer.ok) this.#show((await answer.json()).suggestions);
    } catch (error) {
      if (error.name !== "AbortError") this.#close(); // Without suggestions the form still works.
    }
  }

  #show(options) {
    if (document.activeElement !== this.field) return;
    this.#options = options;
    this.list.replaceChildren(
      ...options.map((one, at) => {
        const item = document.createElement("li");
        Object.assign(item, { id: `${this.list.id}-${at}`, role: "option" });
        const kind = document.createElement("span");
        kind.textContent = [one.level, one.label, one.kind].filter(Boolean).join(" · ");
        item.append(one.name, " ", kind);
        return item;
      }),
    );
    this.list.hidden = options.length === 0;
    this.field.setAttribute("aria-expanded", options.length > 0);
    const said = options.length ? this.field.dataset.count.replace("#", options.length) : this.field.dataset.none;
    this.told.textContent = said;
    this.told.className = options.length ? "quiet" : "suggestions nothing";
    this.#mark(-1);
  }

  #mark(at) {
    this.#at = at;
    [...this.list.children].forEach((item, place) => item.setAttribute("aria-selected", place === at));
    const marked = this.list.children[at];
    if (marked) {
      this.field.setAttribute("aria-activedescendant", marked.id);
      marked.scrollIntoView({ block: "nearest" });
    } else this.field.removeAttribute("aria-activedescendant");
  }

  #pressed(event) {
    const open = !this.list.hidden;
    const count = this.#options.length;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.altKey) {
      if (!open) return this.field.value.trim().length > 1 ? this.#ask() : undefined;
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place more than there are options: the field itself, with nothing marked.
      this.#mark(((this.#at + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && open && this.#at >= 0) this.#take(this.#at);
    else if (event.key === "Escape" && open) this.#close();
    else return;
    event.preventDefault();
  }

  #take(at) {
    const one = this.#options[at];
    this.#close();
    if (!this.#into && !("submit" in this.field.dataset)) return location.assign(one.page);
    this.field.value = one.name;
    if (this.#into) {
      this.#into.value = one.id;
      this.field.name = ""; // What is chosen is sent once, by its identifier.
    }
    this.field.form.requestSubmit();
  }

  #close() {
    clearTimeout(this.#wait);
    this.#asked.abort();
    this.#options = [];
    this.list.hidden = true;
    this.list.replaceChildren();
    this.field.setAttribute("aria-expanded", false);
    this.field.removeAttribute("aria-activedescendant");
    this.told.textContent = "";
    this.told.className = "quiet";
    this.#at = -1;
  }
}

for (const field of document.querySelectorAll("input[data-suggest]")) new Combobox(field);
