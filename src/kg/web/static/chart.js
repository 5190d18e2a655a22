// A chart on demand: each mark with the row of the table that it shows. Pointing at one, or going along with the arrow keys,
// lights both and reads the row out below the chart. Without a script the chart is a picture beside its table.
"use strict";

const MARKS = '[aria-roledescription="bar"], [aria-roledescription="point"], [aria-roledescription="rect mark"]';

class Chart {
  #at = 0;

  constructor(figure, svg, rows, heads) {
    this.marks = [...svg.querySelectorAll(MARKS)];
    this.rows = rows;
    this.reading = document.createElement("output");
    this.reading.className = "reading";
    const text = (cell) => cell.textContent.trim() || figure.dataset.notNamed;
    this.texts = rows.map((row) => [...row.cells].map((cell, at) => `${heads[at]}: ${text(cell)}`).join("; "));
    this.marks.forEach((mark, at) => {
      mark.dataset.said = mark.getAttribute("aria-label"); // What the drawing says; the row says it in full.
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", this.texts[at]);
      mark.setAttribute("tabindex", at === 0 ? 0 : -1);
      for (const one of [mark, rows[at]]) {
        one.addEventListener("pointerenter", () => this.#light(at));
        one.addEventListener("pointerleave", () => this.#light(-1));
      }
      mark.addEventListener("focus", () => this.#light(at));
      mark.addEventListener("blur", () => this.#light(-1));
    });
    svg.setAttribute("role", "group");
    svg.addEventListener("keydown", (event) => this.#pressed(event));
    figure.append(this.reading);
  }

  get fits() {
    return this.marks.length === this.rows.length && this.marks.length > 0;
  }

  begin() {
    this.marks[0].focus();
  }

  #light(at) {
    [this.marks, this.rows].forEach((those) => those.forEach((one, place) => one.classList.toggle("lit", place === at)));
    this.marks.forEach((mark, place) => mark.classList.toggle("dim", at >= 0 && place !== at));
    this.reading.textContent = this.texts[at] ?? "";
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.marks[this.#at].setAttribute("tabindex", -1);
    this.#at = (this.#at + step + this.marks.length) % this.marks.length;
    this.marks[this.#at].setAttribute("tabindex", 0);
    this.marks[this.#at].focus();
  }
}

async function open(figure, button) {
  const picture = figure.querySelector("picture");
  const answer = await fetch(picture.querySelector("img").currentSrc);
  const svg = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  const table = document.querySelector("table.answer");
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const chart = new Chart(figure, document.importNode(svg, true), [...table.tBodies[0].rows], heads);
  button.remove();
  if (!answer.ok || !chart.fits) return chart.reading.remove();
  picture.replaceWith(chart.marks[0].ownerSVGElement);
  chart.begin();
}

for (const figure of document.querySelectorAll("figure[data-explore]")) {
  if (!figure.querySelector("picture")) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "explore";
  button.textContent = figure.dataset.explore;
  button.addEventListener("click", () => open(figure, button));
  figure.append(button);
}
