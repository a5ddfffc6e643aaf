// An answer, what it rests on, and what is told while it is being made.

import { conditionsView } from "./conditions.js";
import { answerText, copyButton, plain, quoteText } from "./copying.js";
import { preview } from "./preview.js";
import { date, has, percent, say } from "./strings.js";
import {
  answerInQuote,
  directionOf,
  element,
  hides,
  inLanguage,
  isolated,
  marked,
  orientation,
  own,
  phrase,
  shown,
  spelled,
} from "./text.js";

const LONG = 90; // characters: from here on an answer is a sentence, set smaller than a figure
const LOW = 0.5;

const titled = (citation) => isolated(citation.title || citation.source, orientation(citation.title ?? "", citation.language));

/** The numbered button that opens a citation; with the pointer or focus on it its quote is lit or shown. */
export function chip(citation, actions) {
  const name = say("source_n", { n: citation.n, title: spelled(citation.title || citation.source) });
  const button = element("button", { type: "button", class: "chip", "aria-label": name, "data-n": citation.n }, element("bdi", {}, String(citation.n)));
  const light = (on) => () => {
    document.getElementById(`source-${citation.n}`)?.classList.toggle("lit", on);
  };
  for (const event of ["pointerenter", "focus"]) button.addEventListener(event, light(true));
  for (const event of ["pointerleave", "blur"]) button.addEventListener(event, light(false));
  button.addEventListener("click", () => actions.open(citation, button));
  preview(button, citation);
  return button;
}

const chips = (citations, actions) =>
  element("span", { class: "chips" }, citations.map((citation) => chip(citation, actions)));

/** The citations that state the answer: not those that state another value. */
function stating({ citations, disagreement }) {
  const [first, ...others] = (disagreement ?? []).map((side) => side.citations ?? []);
  return citations.filter(({ n }) => first?.includes(n) || !others.some((numbers) => numbers.includes(n)));
}

/** The answer's words; the marks [n] that a language model writes become chips where they stand. */
function words(answer, actions) {
  const text = answer.answer ?? "";
  if (answer.answer_kind !== "generated") return [shown(text), " ", chips(stating(answer), actions)];
  const used = new Set();
  const nodes = text.split(/(\[\d{1,3}\])/).map((part) => {
    const n = Number(/^\[(\d+)\]$/.exec(part)?.[1]);
    const citation = answer.citations.find((one) => one.n === n);
    if (!citation) return shown(part);
    used.add(n);
    return chip(citation, actions);
  });
  const rest = answer.citations.filter((citation) => !used.has(citation.n));
  return rest.length ? [...nodes, " ", chips(rest, actions)] : nodes;
}

/** The question above its outcome: to be seen only where the field above does not show all of it. */
export const asked = (question, language) =>
  element("h2", { class: hides(question) ? "asked" : "unseen", ...(language ? inLanguage(language) : orientation(question, "en")) }, shown(question));

/** What was looked up, where the question leaned on what was said before. */
function understood({ resolved_question: resolved, question_language: language }) {
  if (!resolved) return null;
  const meant = isolated(resolved, orientation(resolved, language));
  return element("p", { class: "understood" }, phrase("understood", { question: meant }));
}

function confidence(answer) {
  const value = Math.min(1, Math.max(0, Number(answer.confidence) || 0));
  const low = value < LOW;
  return element(
    "p",
    { class: low ? "confidence low" : "confidence", ...own() },
    element("span", { class: "bar", "aria-hidden": "true", "data-tenths": Math.round(value * 10) }),
    element("span", {}, phrase("confidence", { n: percent(value) })),
    low ? element("span", {}, say("confidence_low")) : null,
  );
}

const origin = (citation) =>
  element(
    "p",
    { class: "aside origin" },
    element("span", { class: "title" }, titled(citation)),
    element("span", {}, isolated(citation.source)),
    citation.published && element("span", own(), phrase("published", { date: date(citation.published) })),
  );

/** One citation: its verbatim words, where they come from, and the ways to them. */
function source(citation, actions) {
  const inner = answerInQuote(citation);
  const marks = inner ? [{ ...inner, make: () => element("strong", { class: "words" }) }] : [];
  const open = element(
    "button",
    { type: "button", class: "quiet", "aria-label": say("open_article_n", { n: citation.n }) },
    say("open_article"),
  );
  open.addEventListener("click", () => actions.open(citation, open));
  const language = inLanguage(citation.language);
  return element(
    "li",
    { class: "source", id: `source-${citation.n}`, dir: directionOf(citation.language) },
    element("span", { class: "number", "aria-hidden": "true" }, String(citation.n)),
    element(
      "div",
      {},
      element("blockquote", language, marked(citation.quote, 0, citation.quote.length, marks)),
      origin(citation),
      element(
        "div",
        { class: "buttons", ...own() },
        open,
        copyButton(say("copy"), () => quoteText(citation, actions.collection), {
          name: say("copy_n", { n: citation.n }),
        }),
        plain(citation.quote) === citation.quote
          ? null
          : copyButton(say("copy_plain"), () => quoteText({ ...citation, quote: plain(citation.quote) }, actions.collection)),
      ),
    ),
  );
}

export const sources = (citations, actions) =>
  element(
    "section",
    { class: "sources", "aria-labelledby": "sources-title" },
    element("h3", { id: "sources-title" }, phrase("sources", { n: citations.length })),
    element("ol", {}, citations.map((citation) => source(citation, actions))),
  );

/** Who says so: the words of the source that name them. */
const speaker = (side) => side.speaker?.text ?? side.speaker;

/** What the sources say differently, side by side; none is picked. */
function disagreement(answer, actions) {
  const sides = answer.disagreement;
  if (!Array.isArray(sides) || sides.length < 2) return null;
  const card = (side) => {
    const given = (side.citations ?? [])
      .map((n) => answer.citations.find((citation) => citation.n === n))
      .filter(Boolean);
    const value = String(side.value);
    return element(
      "li",
      {},
      element("p", { class: "value" }, isolated(value, orientation(value, given[0]?.language)), " ", chips(given, actions)),
      speaker(side) ? element("p", { class: "aside" }, phrase("according_to", { name: String(speaker(side)) })) : null,
      given.map((citation) => element("p", { class: "aside" }, titled(citation))),
      side.published && element("p", { class: "aside" }, phrase("published", { date: date(side.published) })),
    );
  };
  return element(
    "section",
    { class: "disagreement", "aria-labelledby": "disagreement-title" },
    element("h3", { id: "disagreement-title" }, say("disagreement")),
    element("ul", {}, sides.map(card)),
  );
}

/** Moves among the chips with the arrows; they follow the direction of what they stand in. */
function arrows(event) {
  if (!event.target.classList.contains("chip") || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const all = [...event.currentTarget.querySelectorAll(".chip")];
  const rtl = getComputedStyle(event.target.parentElement).direction === "rtl";
  const step = (event.key === "ArrowRight") === rtl ? -1 : 1;
  all[all.indexOf(event.target) + step]?.focus();
  event.preventDefault();
}

function answered(answer, actions) {
  const long = (answer.answer ?? "").length > LONG;
  const sides = disagreement(answer, actions);
  // That the sources differ is shown side by side below; said above as well it would only be in the way.
  const note = sides && answer.note?.code === "sources_differ" ? null : answer.note;
  const box = element(
    "div",
    // As a whole on the side where its answer begins; the page's own words keep their direction.
    { class: "card answer", dir: directionOf(answer.answer_language) },
    element("h3", { class: "unseen" }, say("answer")),
    element("p", { class: long ? "words-of-answer long" : "words-of-answer", ...inLanguage(answer.answer_language) }, words(answer, actions)),
    confidence(answer),
    note?.message ? element("p", { class: "aside", ...inLanguage(answer.question_language) }, shown(note.message)) : null,
    answer.answer_kind === "generated" ? element("p", { class: "aside", ...own() }, say("generated")) : null,
    answer.dropped_citations ? element("p", { class: "aside", ...own() }, phrase("dropped", { n: answer.dropped_citations })) : null,
    element("div", { class: "buttons", ...own() }, copyButton(say("copy_answer"), () => answerText(answer, actions.collection))),
  );
  return [box, sides, answer.citations.length ? sources(answer.citations, actions) : null];
}

/** The passages a search found, the nearest of each article, offered when none of them answered. */
function nearest(found, actions) {
  const first = ({ document_id: id }, n) => found.findIndex((one) => one.document_id === id) === n;
  const passages = found.filter(first);
  if (!passages.length) return null;
  const item = (passage) => {
    const towards = orientation(passage.title ?? "", "en");
    const button = element("button", { type: "button", class: "link" }, isolated(passage.title || passage.document_id, towards));
    button.addEventListener("click", () => actions.openPassage(passage, button));
    return element("li", { dir: towards.dir }, button);
  };
  return element(
    "details",
    { class: "nearest" },
    element("summary", {}, phrase("passages_read", { n: passages.length })),
    element("ul", {}, passages.map(item)),
  );
}

/** The filter a question was asked under, and how many articles it let through. */
function searchedWhere(where, passing) {
  const told = element("span", {}, phrase("searched_where", { name: conditionsView(where) }));
  passing().then(
    (n) => told.append(" ", n ? phrase("passing", { n }) : say("passing_none")),
    () => {}, // only the number is missing then
  );
  return told;
}

function abstained(answer, { passages, request, count, actions }) {
  const language = inLanguage(answer.question_language);
  const unfiltered = request.where?.length && element("button", { type: "button", class: "strong" }, say("ask_unfiltered"));
  if (unfiltered) unfiltered.addEventListener("click", () => actions.ask({ ...request, where: [] }));
  const add = answer.abstention?.code === "no_documents" && element("button", { type: "button", class: "strong" }, say("add_articles"));
  if (add) add.addEventListener("click", () => actions.addArticles(add));
  return element(
    "div",
    { class: "card abstained", "data-code": answer.abstention?.code },
    element("h3", {}, say("no_answer")),
    element("p", { class: "reason", ...language }, shown(answer.abstention?.message ?? "")),
    element(
      "p",
      { class: "aside" },
      Number.isInteger(count) && count > 0 && !request.where?.length && !request.collection ? element("span", {}, phrase("searched", { n: count })) : null,
      request.collection && element("span", {}, phrase("searched_in", { name: request.collection })),
      request.where?.length ? searchedWhere(request.where, actions.passing) : null,
    ),
    unfiltered || add ? element("div", { class: "buttons" }, unfiltered || add) : null,
    nearest(passages, actions),
  );
}

/** The whole outcome of a question. `actions`: open, openPassage, ask, addArticles, collection. */
export function answerView(answer, context) {
  const { actions } = context;
  const view = element("section", { class: "outcome", "aria-label": say("answer") }, asked(answer.question, answer.question_language), understood(answer));
  view.append(
    ...[answer.status === "answered" ? answered(answer, actions) : abstained(answer, context)].flat().filter(Boolean),
  );
  view.addEventListener("keydown", arrows);
  return view;
}

/** What is spoken when the outcome is there. */
export const spoken = (answer) =>
  (answer.resolved_question ? `${say("understood", { question: spelled(answer.resolved_question) })} ` : "") +
  (answer.status === "answered"
    ? `${say("answer_is", { answer: spelled(answer.answer ?? "") })}. ${say("sources_counted", { n: answer.citations.length })}`
    : `${say("no_answer")}. ${answer.abstention?.message ?? ""}`);

const stageText = (stage) => {
  const known = { retrieve: "search", retrieving: "search", searching: "search", reading: "read", answering: "generate", generating: "generate", verifying: "verify", cite: "verify", citing: "verify", check: "verify" };
  const key = `stage_${known[stage] ?? stage}`;
  return say(has(key) ? key : "stage_search");
};

/** What is shown while an answer is being made; `take(event, value)` gives the stage's text if it changed. */
export function progressView(question, actions) {
  const stage = element("p", { class: "stage" }, stageText("connect"));
  const text = element("p", { class: "words-of-answer long" });
  const list = element("ol");
  const found = element("section", { class: "sources", hidden: true }, element("h3", {}, phrase("sources", { n: 2 })), list);
  const box = element("div", { class: "card answer", hidden: true }, text);
  const node = element("section", { class: "outcome", "aria-busy": "true", "aria-label": say("answer") }, asked(question), stage, box, found);
  const citations = [];
  let written = "";
  function take(event, value) {
    if (event === "status") {
      stage.textContent = stageText(value.stage);
      return stage.textContent;
    }
    if (event === "answer" && typeof value.delta === "string") {
      written += value.delta;
      box.hidden = false;
      for (const [name, set] of Object.entries(orientation(written, "en"))) text.setAttribute(name, set);
      text.replaceChildren(shown(written));
    }
    if (event === "citation" && typeof value.quote === "string") {
      citations.push(value);
      found.hidden = false;
      list.append(source(value, { ...actions, open: (citation, opener) => actions.open(citation, opener, citations) }));
    }
    return null;
  }
  return { node, take };
}
