// A citation's words beside its number, as long as the pointer or the focus is on it and its source
// is out of sight; in sight the source itself is lit.

import { answerInQuote, element, inLanguage, isolated, marked, orientation } from "./text.js";

const WAIT_MS = 200; // a pointer that only passes shows nothing
const GAP = 8; // CSS pixels around the card

let shownFor = null; // the chip
let timer = 0;
const card = element("div", { id: "preview", role: "tooltip", hidden: true });

const inSight = (node) => {
  const { top, bottom, height } = node.getBoundingClientRect();
  return height > 0 && top < innerHeight - 2 * GAP && bottom > 2 * GAP;
};

/** Below the chip, above it where there is no room, never beyond the window. */
function place(chip) {
  const [at, own] = [chip.getBoundingClientRect(), card.getBoundingClientRect()];
  const below = at.bottom + GAP + own.height < innerHeight;
  const left = at.left + at.width / 2 - own.width / 2;
  card.style.top = `${below ? at.bottom + GAP / 2 : Math.max(GAP, at.top - GAP / 2 - own.height)}px`;
  card.style.left = `${Math.max(GAP, Math.min(left, innerWidth - own.width - GAP))}px`;
}

function show(chip, citation) {
  const source = document.getElementById(`source-${citation.n}`);
  if (!chip.isConnected || (source && inSight(source))) return;
  const inner = answerInQuote(citation);
  const marks = inner ? [{ ...inner, make: () => element("strong", { class: "words" }) }] : [];
  const title = citation.title || citation.source;
  card.replaceChildren(
    element("p", { class: "said", ...inLanguage(citation.language) }, marked(citation.quote, 0, citation.quote.length, marks)),
    element("p", { class: "aside" }, isolated(title, orientation(title, citation.language))),
  );
  if (!card.isConnected) document.querySelector("main").append(card);
  card.hidden = false;
  shownFor = chip;
  chip.setAttribute("aria-describedby", card.id);
  place(chip);
}

export function hide() {
  clearTimeout(timer);
  if (!shownFor) return;
  card.hidden = true;
  card.replaceChildren();
  shownFor.removeAttribute("aria-describedby");
  shownFor = null;
}

const hideSoon = () => {
  clearTimeout(timer);
  timer = setTimeout(hide, WAIT_MS); // time to reach the card itself
};

/** Makes a chip show its citation's words; whoever uses a finger presses it instead. */
export function preview(chip, citation) {
  const soon = (wait) => {
    if (shownFor !== chip) hide();
    clearTimeout(timer);
    timer = setTimeout(() => show(chip, citation), wait);
  };
  chip.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && soon(WAIT_MS));
  chip.addEventListener("pointerleave", hideSoon);
  chip.addEventListener("focus", () => chip.matches(":focus-visible") && soon(0));
  chip.addEventListener("blur", hide);
  chip.addEventListener("click", hide);
}

card.addEventListener("pointerenter", () => clearTimeout(timer));
card.addEventListener("pointerleave", hideSoon);
addEventListener("scroll", hide, { passive: true });
addEventListener("resize", hide);
// Before anybody else hears of it: what lies on top goes first, and nothing with it.
addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !shownFor) return;
    hide();
    event.preventDefault();
    event.stopPropagation();
  },
  { capture: true },
);
