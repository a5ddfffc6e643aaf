// The page: what is asked, what came of it, and the switches around it.

import { answerView, asked as questionView, progressView, spoken } from "./answer.js";
import { openCitation, openDocument } from "./article.js";
import { articleList, openArticles, takeDrops } from "./articles.js";
import { CONTROLS, controlOf } from "./conditions.js";
import { continued, remembered } from "./conversation.js";
import { failureView } from "./failure.js";
import { keep, remember } from "./kept.js";
import { asked as askedFor, questionLink } from "./links.js";
import { closePanel, redraw, shownPanel } from "./panel.js";
import { openHistory, pastList } from "./past.js";
import { hide as hidePreview } from "./preview.js";
import { Failure, ask, collections, documents } from "./service.js";
import { language, number, say } from "./strings.js";
import { directionOf, element, isolated, phrase, spelled } from "./text.js";

const byId = (id) => document.getElementById(id);
const [form, question, send, result, start] = ["ask", "question", "send", "result", "start"].map(byId);
const [filter, openFilter, conditions, choice, select, anew] = ["filter", "open-filter", "conditions", "collection-choice", "collection", "anew"].map(byId);
const MOST_OFFERED = 4; // articles on the first page

let outcome = null; // { request, answer | failure, passages }
let running = null; // the AbortController of the question being answered
let turns = []; // what was said before the next question
let others = []; // conditions of an address that have no control here
let articles = null; // how many there are, null while unknown
let offered = []; // the first of them
let known = []; // collections
let served = null; // the name of the one that is meant where none is named

const announce = (text) => {
  byId("announcer").textContent = spelled(text);
};

// What is asked ------------------------------------------------------------------------------

function chosen() {
  const set = CONTROLS.filter(([name]) => byId(name).value).map(([name, sign]) => sign + byId(name).value);
  return { collection: select.value || null, where: [...set, ...others] };
}

/** Puts a request's choices into the controls. */
function choose({ collection, where }) {
  const left = [...where];
  for (const [name] of CONTROLS) {
    const at = left.findIndex((one) => controlOf(one)?.name === name);
    byId(name).value = at < 0 ? "" : controlOf(left.splice(at, 1)[0]).value;
  }
  others = left;
  if (collection && !known.some(({ name }) => name === collection)) known.push({ name: collection });
  drawCollections(collection);
  drawConditions();
}

function drawConditions() {
  const count = chosen().where.length;
  byId("filter-count").replaceChildren(...(count ? [element("bdi", { class: "count" }, number(count))] : []));
  byId("unfilter").hidden = count === 0;
  conditions.hidden = others.length === 0;
  conditions.replaceChildren(
    ...others.map((condition) => {
      const button = element(
        "button",
        { type: "button", class: "quiet", "aria-label": say("remove_condition", { name: spelled(condition) }) },
        isolated(condition, { dir: "ltr" }),
        " ×",
      );
      button.addEventListener("click", () => {
        others = others.filter((other) => other !== condition);
        drawConditions();
        openFilter.focus();
      });
      return element("li", {}, button);
    }),
  );
}

function drawCollections(value = select.value) {
  choice.hidden = known.length < 2 && !value;
  const own = known.find(({ name }) => name === served);
  const rest = known.filter((one) => one !== own);
  const title = ({ name }) => (name === "default" ? say("collection_default") : spelled(name));
  const named = (one) =>
    Number.isInteger(one.documents) ? say("collection_of", { name: title(one), n: one.documents }) : title(one);
  select.replaceChildren(
    element("option", { value: "" }, own ? named(own) : say("collection_default")),
    ...rest.map((one) => element("option", { value: one.name, disabled: Boolean(one.problem) }, named(one))),
  );
  select.value = rest.some(({ name }) => name === value) ? value : "";
}

// What came of it ----------------------------------------------------------------------------

function actionsFor(request) {
  return {
    collection: request.collection,
    open: (citation, opener, citations = outcome?.answer?.citations ?? [citation]) =>
      openCitation(citation, { citations, collection: request.collection, opener, onShow: showOpen }),
    openPassage: (passage, opener) =>
      openDocument({ ...passage, collection: request.collection }, { opener }),
    ask: go,
    addArticles: openArticles,
    passing: async () => (await documents({ limit: 1, where: request.where, collection: request.collection })).total,
  };
}

/** Marks the chips and the source of the citation that stands open. */
function showOpen(citation) {
  for (const chip of result.querySelectorAll(".chip")) {
    const open = citation !== null && chip.dataset.n === String(citation.n);
    if (open) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
  for (const source of result.querySelectorAll(".source")) {
    source.classList.toggle("open", citation !== null && source.id === `source-${citation.n}`);
  }
}

function drawOutcome() {
  hidePreview(); // its chip goes
  if (!outcome) {
    result.replaceChildren();
    return;
  }
  const { request, answer, failure, passages } = outcome;
  result.replaceChildren(
    answer
      ? answerView(answer, { passages, request, count: articles, actions: actionsFor(request) })
      : element("section", { class: "outcome", "aria-label": say("answer") }, questionView(request.question), failureView(failure, () => answerTo(request))),
  );
}

function drawStart() {
  if (outcome || running) {
    start.replaceChildren();
    return;
  }
  const add = element("button", { type: "button", class: "strong" }, say("add_articles"));
  add.addEventListener("click", () => openArticles(add));
  const all = element("button", { type: "button", class: "quiet" }, say("all_articles"));
  all.addEventListener("click", () => openArticles(all));
  const past = pastList(5);
  start.replaceChildren(
    ...[
      articles === 0 && element("div", { class: "card" }, element("p", {}, say("no_articles")), add),
      past && element("section", { "aria-labelledby": "recent-title" }, element("h2", { id: "recent-title" }, say("recent")), past),
      articles > 0 &&
        element(
          "section",
          { class: "offered", "aria-labelledby": "offered-title" },
          element("h2", { id: "offered-title" }, phrase("articles_ready", { n: articles })),
          articleList(offered, (summary, opener) => openDocument({ document_id: summary.id, title: summary.title, collection: select.value }, { opener })),
          articles > offered.length && all,
        ),
    ].filter(Boolean),
  );
}

function drawSend() {
  send.textContent = say(running ? "stop" : "ask");
}

const stop = () => running?.abort();

/** Asks, and shows what comes while it comes. */
async function answerTo(request) {
  stop();
  const own = new AbortController();
  const passages = [];
  running = own;
  outcome = null;
  if (shownPanel() === "article") closePanel();
  document.title = `${spelled(request.question).slice(0, 80)} · ${say("page_title")}`;
  document.body.classList.add("asked-once");
  hidePreview();
  const progress = progressView(request.question, actionsFor(request));
  result.replaceChildren(progress.node);
  drawStart();
  drawSend();
  announce(say("stage_connect"));
  const body = { question: request.question };
  if (request.turns.length && !request.alone) body.history = request.turns;
  if (request.collection) body.collection = request.collection;
  if (request.where.length) body.where = request.where;
  let next = null;
  try {
    const on = (event, value) => {
      if (event === "passage") passages.push(value);
      const stage = progress.take(event, value);
      if (stage) announce(stage);
    };
    next = { request, passages, answer: await ask(body, { signal: own.signal, on }) };
  } catch (error) {
    if (error.name !== "AbortError") next = { request, passages, failure: error instanceof Failure ? error : new Failure("unexpected") };
    if (!(error instanceof Failure) && error.name !== "AbortError") console.error(error);
  }
  if (running !== own) return; // another question was asked meanwhile
  running = null;
  outcome = next;
  if (shownPanel() === "article" && outcome?.failure) closePanel();
  drawOutcome();
  drawSend();
  drawStart();
  if (!outcome) announce(say("stopped"));
  else if (outcome.failure) announce(say(`error_${outcome.failure.kind}`));
  else {
    announce(spoken(outcome.answer));
    const { answer, answer_language: answerLanguage, question_language: of } = outcome.answer;
    const { collection, where } = request;
    const standing = { question: outcome.answer.resolved_question ?? request.question, collection, where };
    remember({ ...standing, answer, answerLanguage, language: of, at: Date.now() });
    turns = continued(request.turns, outcome.answer);
    drawAnew();
    // A link to a follow-up would mean nothing to whoever it is sent to.
    if (standing.question !== request.question) history.replaceState({ turns: request.turns, alone: true }, "", questionLink(standing));
    if (document.activeElement === question) question.select(); // typing asks on
  }
}

/** Asks by way of the address, so that it can be sent to somebody and the back button works. */
function go(request) {
  const link = questionLink(request);
  const state = { turns: request.turns };
  if (location.hash === link) history.replaceState(state, "", link);
  else history.pushState(state, "", link);
  follow();
}

/** The page as it is first seen, and nothing said before. */
function startAnew() {
  closePanel();
  if (location.hash) location.hash = "";
  else follow();
  question.focus();
}

const drawAnew = () => (anew.hidden = turns.length === 0);

function follow() {
  const { request, place } = askedFor(location.hash);
  if (request) {
    question.value = request.question;
    fit();
    choose(request);
    answerTo({ ...request, ...remembered() });
    return;
  }
  if (place) {
    openDocument(place, { opener: question });
    return;
  }
  stop();
  running = null;
  outcome = null;
  turns = [];
  drawAnew();
  document.body.classList.remove("asked-once");
  question.value = "";
  fit();
  document.title = say("page_title");
  drawOutcome();
  drawSend();
  drawStart();
}

// The switches around it ---------------------------------------------------------------------

/** Gives the question's field the height and the direction of its text; empty, the page's own. */
function fit() {
  question.dir = question.value ? "auto" : document.documentElement.dir;
  question.style.blockSize = "auto";
  question.style.blockSize = `${question.scrollHeight + 2}px`;
}

const dark = () => {
  const set = document.documentElement.dataset.theme;
  return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

function drawTheme() {
  byId("theme").setAttribute("aria-pressed", String(dark()));
  byId("theme").querySelector("use").setAttribute("href", dark() ? "#icon-sun" : "#icon-moon");
}

function drawLanguage() {
  const other = language() === "ar" ? "en" : "ar";
  const root = document.documentElement;
  root.dir = directionOf(root.lang);
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", say(node.dataset.label));
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = say(node.dataset.placeholder);
  const button = byId("language");
  button.textContent = say("other_language");
  button.lang = other;
  if (!outcome && !running) document.title = say("page_title");
}

function drawAll() {
  drawLanguage();
  drawTheme();
  drawCollections();
  drawConditions();
  drawSend();
  drawStart();
  if (!running) drawOutcome();
  redraw();
  fit();
}

async function countArticles() {
  try {
    const page = await documents({ limit: MOST_OFFERED, collection: select.value });
    [articles, offered] = [page.total, page.documents];
  } catch {
    [articles, offered] = [null, []]; // asking will tell what is wrong
  }
  drawStart();
}

async function countCollections() {
  const { found, own } = await collections();
  served = own;
  known = [...found, ...known.filter(({ name }) => !found.some((one) => one.name === name))];
  drawCollections();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) {
    stop();
    return;
  }
  const text = question.value.trim();
  if (text) go({ question: text, turns, ...chosen() });
  else question.focus();
});
anew.addEventListener("click", startAnew);
question.addEventListener("input", fit);
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!running) form.requestSubmit();
});
for (const [name] of CONTROLS) byId(name).addEventListener("change", drawConditions);
openFilter.addEventListener("click", () => {
  filter.hidden = !filter.hidden;
  openFilter.setAttribute("aria-expanded", String(!filter.hidden));
});
byId("unfilter").addEventListener("click", () => {
  choose({ collection: select.value, where: [] });
  openFilter.focus();
});
select.addEventListener("change", countArticles);
byId("theme").addEventListener("click", () => {
  const theme = dark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  keep("theme", theme);
  drawTheme();
});
byId("language").addEventListener("click", () => {
  document.documentElement.lang = language() === "ar" ? "en" : "ar";
  keep("language", language());
  drawAll();
});
for (const [name, open] of [
  ["articles", openArticles],
  ["history", (opener) => openHistory(opener, { announce, onChange: drawStart })],
]) {
  const button = byId(`open-${name}`);
  button.addEventListener("click", () => (shownPanel() === name ? closePanel() : open(button)));
}
document.querySelector("header .name").addEventListener("click", (event) => {
  event.preventDefault();
  startAnew();
});
addEventListener("announce", (event) => announce(event.detail));
addEventListener("hashchange", follow);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) {
    if (shownPanel()) closePanel();
    else stop();
  }
  // With a modifier: a single character would take keys from people who speak to their computer.
  if (event.key === "/" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    question.focus();
    question.select();
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTheme);

takeDrops({
  collection: () => select.value,
  announce,
  onChange: () => {
    countArticles();
    countCollections();
  },
});
drawAll();
follow();
countArticles();
countCollections();
document.documentElement.dataset.ready = "";
