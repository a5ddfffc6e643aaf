import { placeLink } from "./links.js";
import { date, say } from "./strings.js";
import { element, icon } from "./text.js";

const SHOWN_MS = 2000;

async function toClipboard(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Served over plain HTTP under another name than localhost, a page has only the old way.
  const area = element("textarea", { class: "unseen" });
  area.value = text;
  (document.querySelector("dialog:modal") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("refused");
}

/** A button that copies a text, in its original characters, and says so. */
export function copyButton(label, text, { name = label } = {}) {
  const caption = element("span", {}, label);
  const button = element("button", { type: "button", class: "quiet copy", "aria-label": name }, icon("copy"), caption);
  button.addEventListener("click", async () => {
    const opener = document.activeElement;
    let outcome = "copied";
    try {
      await toClipboard(text());
    } catch {
      outcome = "not_copied";
    }
    if (opener?.isConnected) opener.focus({ preventScroll: true });
    caption.textContent = say(outcome);
    button.dispatchEvent(new CustomEvent("announce", { bubbles: true, detail: say(outcome) }));
    setTimeout(() => (caption.textContent = label), SHOWN_MS);
  });
  return button;
}

const MARKS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** The text without the characters that only direct it. */
export const plain = (text) => text.replace(MARKS, "");

/** A quote with its source, each on its own line. */
export function quoteText(citation, collection) {
  const place = [citation.source, citation.published && date(citation.published)].filter(Boolean);
  return [citation.quote, citation.title, place.join(", "), placeLink(citation, collection)].join("\n");
}

/** The question and its answer with every quote. */
export function answerText(answer, collection) {
  const quotes = answer.citations.map((citation) => `[${citation.n}] ${quoteText(citation, collection)}`);
  return [answer.resolved_question ?? answer.question, answer.answer, ...quotes].join("\n\n");
}
