// The original article beside the answer, with the quoted span marked at its place.

import { copyButton, quoteText } from "./copying.js";
import { failureView } from "./failure.js";
import { openPanel, redraw, scrollTo } from "./panel.js";
import { article } from "./service.js";
import { date, say } from "./strings.js";
import { answerInQuote, element, icon, isolated, marked, orientation, phrase, unitsAfter } from "./text.js";

/** `[start, end)` of each line that is not empty, in UTF-16 units. */
function* lines(text) {
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    if (text.slice(start, end).trim()) yield [start, end];
    start = end + 1;
  }
}

/** The article's text as paragraphs, each in its own direction; marks never change a character. */
export function paragraphs(stored, quote = null, words = null) {
  const marks = [];
  if (quote) {
    marks.push({ ...quote, make: () => element("mark", { class: "quoted" }) });
    if (words) marks.push({ ...words, make: () => element("strong", { class: "words" }) });
  }
  return [...lines(stored.text)].map(([start, end]) => {
    const line = stored.text.slice(start, end);
    return element("p", orientation(line, stored.language), marked(stored.text, start, end, marks));
  });
}

/** Where the citation's quote is in the stored text, null where it is not there any more. */
function verifiedPlace(citation, stored) {
  const { start_utf16: start, end_utf16: end, quote } = citation;
  return stored.text.slice(start, end) === quote ? { start, end } : null;
}

const pageOf = (stored, start) => (stored.pages ?? []).filter((first) => first <= start).length;

const about = (stored, start) => {
  const page = Number.isInteger(start) ? pageOf(stored, start) : 0;
  return element(
    "p",
    { class: "aside origin" },
    element("span", {}, isolated(stored.source)),
    stored.published && element("span", {}, phrase("published", { date: date(stored.published) })),
    page ? element("span", {}, phrase("page_number", { n: page })) : null,
  );
};

const heading = (title, language) => isolated(title, orientation(title, language));

function view({ name, title, language, load, place, tools, stepped, notice, onBack, opener, onClose }) {
  let state = { loading: true };
  const abort = new AbortController();
  async function fill() {
    state = { loading: true };
    redraw(name);
    try {
      state = { stored: await load(abort.signal) };
    } catch (failure) {
      if (failure.name === "AbortError") return;
      state = { failure };
    }
    redraw(name);
  }
  function render() {
    const { stored, failure } = state;
    const shownTitle = stored?.title || title;
    const top = heading(shownTitle, stored?.language ?? language);
    if (failure) return { heading: top, content: failureView(failure, fill) };
    if (!stored) return { heading: top, content: element("p", { class: "aside" }, say("loading_article")) };
    const found = place(stored);
    const text = element(
      "article",
      { lang: stored.language, class: "reading", "aria-label": say("article_text") },
      paragraphs(stored, found?.quote, found?.words),
    );
    const content = [
      about(stored, found?.start),
      found === null ? element("p", { class: "warning", role: "alert" }, say(notice)) : null,
      text,
    ].filter(Boolean);
    return {
      heading: top,
      content,
      bar: tools?.(),
      settled: () => {
        const first = text.querySelector("mark");
        if (first) scrollTo(first);
        // Whoever walks the sources goes on from the button; at the last one there is none.
        const button = stepped && document.querySelector(`#panel-tools [data-step="${stepped}"]:not(:disabled)`);
        if (button && document.activeElement.id === "panel-title") button.focus();
      },
    };
  }
  openPanel({
    name,
    render,
    onBack,
    opener,
    onClose: () => {
      abort.abort();
      onClose?.();
    },
  });
  fill();
}

/** Opens the article of one of an answer's citations; `onShow(citation or null)` follows. */
export function openCitation(citation, { citations, collection, opener, onShow, stepped = null }) {
  const place = citations.indexOf(citation);
  const step = (key, name, to) => {
    const button = element(
      "button",
      { type: "button", class: "quiet icon mirrored", "aria-label": say(key), "data-step": key, disabled: !citations[to] },
      icon(name),
    );
    button.addEventListener("click", () =>
      openCitation(citations[to], { citations, collection, onShow, stepped: key }),
    );
    return button;
  };
  const tools = () =>
    [
      citations.length > 1 && [
        step("previous_source", "back", place - 1),
        element("span", {}, phrase("source_of", { n: citation.n, all: citations.length })),
        step("next_source", "next", place + 1),
      ],
      element("span", { class: "space" }),
      copyButton(say("copy"), () => quoteText(citation, collection)),
    ]
      .flat()
      .filter(Boolean);
  view({
    name: "article",
    title: citation.title,
    language: citation.language,
    load: (signal) => article(citation.document_id, { collection }, signal),
    notice: "changed",
    place: (stored) => {
      const quote = verifiedPlace(citation, stored);
      if (!quote) return null;
      const inner = answerInQuote(citation);
      const words = inner && { start: quote.start + inner.start, end: quote.start + inner.end };
      return { quote, words, start: citation.start };
    },
    tools,
    stepped,
    opener,
    onClose: () => onShow(null),
  });
  onShow(citation);
}

/** Opens a document by its id, at a place in code points where one is given. */
export function openDocument({ document_id: id, title = id, start = null, end = null, collection }, { opener, onBack } = {}) {
  const given = start !== null && end !== null;
  view({
    name: "article",
    title,
    load: (signal) => article(id, { collection }, signal),
    notice: "place_gone",
    place: (stored) => {
      if (!given) return {};
      const from = unitsAfter(stored.text, 0, start);
      const until = unitsAfter(stored.text, from, end - start);
      return start < end && from < stored.text.length ? { quote: { start: from, end: until }, start } : null;
    },
    opener,
    onBack,
  });
}
