// Beside a text: a fact that is pointed at lights up its other passages, and the passage that is asked for unfolds its facts.
"use strict";
const lit = (from, on) => {
  for (const link of from.querySelectorAll(".with a")) {
    if (link.pathname === location.pathname) document.getElementById(link.hash.slice(1))?.classList.toggle("lit", on);
  }
};
for (const fact of document.querySelectorAll(".drawn li p")) {
  for (const [event, on] of [["mouseenter", true], ["focusin", true], ["mouseleave", false], ["focusout", false]]) {
    fact.addEventListener(event, () => lit(fact, on));
  }
}
const unfold = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches(".squares a")) location.replace(target.href);
  const facts = target?.closest(".line")?.querySelector("details");
  if (facts) facts.open = true;
};
addEventListener("hashchange", unfold);
unfold();
