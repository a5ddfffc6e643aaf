// The articles there are, and adding more: by dropping files anywhere on the page or choosing them.

import { openDocument } from "./article.js";
import { failureView } from "./failure.js";
import { openPanel, redraw, shownPanel } from "./panel.js";
import { documents, takesUploads, upload } from "./service.js";
import { date, has, percent, say } from "./strings.js";
import { directionOf, element, isolated, orientation, own, phrase, shown } from "./text.js";

const NAME = "articles";
const listing = { items: [], total: null, failure: null };
const sending = { possible: null, count: 0, part: null, results: null, failure: null, abort: null };
let context = { collection: () => null, announce: () => {}, onChange: () => {} };

const announce = (text) => context.announce(text);

async function load(offset) {
  listing.failure = null;
  try {
    const page = await documents({ offset, collection: context.collection() });
    listing.items = offset ? [...listing.items, ...page.documents] : page.documents;
    listing.total = page.total;
  } catch (failure) {
    listing.failure = failure;
  }
  redraw(NAME);
}

async function send(files) {
  if (!files.length || sending.abort) return;
  sending.abort = new AbortController();
  Object.assign(sending, { count: files.length, part: 0, results: null, failure: null });
  redraw(NAME);
  announce(say("uploading", { n: files.length }));
  let drawn = 0;
  const onProgress = (part) => {
    const [bar, label] = [document.getElementById("sent"), document.getElementById("sending")];
    sending.part = part;
    if (part < 1 && bar) bar.value = part;
    if (part < 1 && label && part - drawn > 0.01) {
      label.replaceChildren(phrase("uploading", { n: files.length }), " ", element("bdi", {}, percent(part)));
      drawn = part;
    }
    if (part === 1) redraw(NAME);
  };
  try {
    const reply = await upload(files, {
      collection: context.collection(),
      signal: sending.abort.signal,
      onProgress,
    });
    sending.results = reply.results;
    const failed = reply.results.filter(({ status }) => status === "failed").length;
    announce(failed ? say("upload_with_failures", { n: failed }) : say("upload_done"));
  } catch (failure) {
    if (failure.kind === "no_uploads") sending.possible = false;
    else if (failure.name === "AbortError") announce(say("stopped"));
    else sending.failure = { failure, files };
    if (failure.kind) announce(failure.kind === "no_uploads" ? say("no_uploads") : say("error"));
  }
  Object.assign(sending, { abort: null, part: null });
  await load(0);
  context.onChange();
}

function dropzone() {
  if (sending.possible === false) {
    return element(
      "div",
      { class: "upload closed" },
      element("p", {}, say("no_uploads")),
      element("p", {}, element("code", { dir: "ltr" }, "sanad ingest PATH")),
    );
  }
  const input = element("input", { type: "file", id: "files", multiple: true, class: "unseen" });
  input.addEventListener("change", () => send([...input.files]));
  const cancel = element("button", { type: "button", class: "quiet" }, say("upload_cancel"));
  cancel.addEventListener("click", () => sending.abort?.abort());
  const whole = sending.part === 1;
  const progress = sending.abort && [
    element(
      "p",
      { id: "sending" },
      whole ? say("indexing") : phrase("uploading", { n: sending.count }),
    ),
    element("progress", { id: "sent", max: 1, value: whole ? null : sending.part, "aria-labelledby": "sending" }),
    cancel,
  ];
  const ask = !sending.abort && [
    element("p", {}, say("drop_or_choose")),
    input,
    element("label", { for: "files", class: "strong" }, say("choose_files")),
    element("p", { class: "aside kinds" }, say("file_kinds")),
  ];
  return element("div", { class: "upload" }, progress || ask, results());
}

/** Why a file was not added: in the page's words where it has some, the service's own folded away. */
function why(name, reason, code) {
  if (!reason) return null;
  const told = reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason;
  const said = element("p", { class: "aside", dir: "auto" }, shown(told));
  if (!has(`refused_${code}`)) return said;
  return element(
    "div",
    { class: "why" },
    element("p", {}, say(`refused_${code}`)),
    element("details", {}, element("summary", { class: "aside" }, say("details")), said),
  );
}

function results() {
  if (sending.failure) {
    const { failure, files } = sending.failure;
    return failureView(failure, () => send(files));
  }
  if (!sending.results) return null;
  const told = ({ name, status, reason, code }) =>
    element(
      "li",
      { "data-status": status },
      element("span", { class: "state" }, has(`upload_${status}`) ? say(`upload_${status}`) : isolated(status)),
      element("span", { class: "file" }, isolated(name)),
      why(name, reason, code),
    );
  return element("ul", { class: "results" }, sending.results.map(told));
}

function item(summary, open) {
  const button = element(
    "button",
    { type: "button", class: "link" },
    isolated(summary.title || summary.id, orientation(summary.title ?? "", summary.language)),
  );
  button.addEventListener("click", () => open(summary, button));
  return element(
    "li",
    { dir: directionOf(summary.language) },
    button,
    element(
      "p",
      { class: "aside origin" },
      element("span", {}, isolated(summary.source)),
      summary.published && element("span", own(), phrase("published", { date: date(summary.published) })),
    ),
  );
}

/** Articles by their titles; `open(summary, opener)` opens one. */
export const articleList = (summaries, open) =>
  element("ul", { class: "list" }, summaries.map((summary) => item(summary, open)));

const openBelow = ({ id, title }) =>
  openDocument({ document_id: id, title, collection: context.collection() }, { onBack: () => openArticles() });

function list() {
  const { items, total, failure } = listing;
  if (failure) return failureView(failure, () => load(0));
  if (total === null) return null;
  const more = element("button", { type: "button", class: "quiet" }, say("more"));
  more.addEventListener("click", async () => {
    await load(items.length);
    document.querySelectorAll("#panel-body .list .link")[items.length]?.focus();
  });
  return [
    element("p", { class: "aside" }, total ? phrase("articles_ready", { n: total }) : say("no_articles")),
    articleList(items, openBelow),
    items.length < total ? more : null,
  ];
}

const render = () => ({
  heading: say("articles"),
  content: [dropzone(), list()].flat().filter(Boolean),
});

export function openArticles(opener) {
  openPanel({ name: NAME, render, opener });
  load(0);
  if (sending.possible === null) {
    takesUploads().then((possible) => {
      sending.possible = possible;
      redraw(NAME);
    });
  }
}

/** Makes the whole page take dropped files. */
export function takeDrops(given) {
  context = given;
  const overlay = document.getElementById("drop");
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0; // dragenter and dragleave come for every element that is crossed
  const over = (change) => (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    overlay.hidden = depth === 0;
  };
  addEventListener("dragenter", over(1));
  addEventListener("dragleave", over(-1));
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", async (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    overlay.hidden = true;
    const files = [...event.dataTransfer.files];
    if (shownPanel() !== NAME) openArticles();
    if (sending.possible === null) sending.possible = await takesUploads();
    if (sending.possible) await send(files);
    else {
      announce(say("no_uploads"));
      redraw(NAME);
    }
  });
}
