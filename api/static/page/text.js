// Text of documents as DOM nodes: always text, never markup, and what is invisible in it is shown.

import { parts, say } from "./strings.js";

// Direction controls, zero-width characters, tags, control characters. Not among them: the joiners
// and marks that Arabic and emoji need (ZWNJ, ZWJ, LRM, RLM, ALM), tab and line ends.
const INVISIBLE =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u180E\u200B\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]+/gu;
const MOST_CODES = 3;
const WORD = /(\p{Script=Arabic})[\p{L}\p{M}]*|\p{Script=Latin}[\p{L}\p{M}]*/gu;
const WORDS_COUNTED = 100;

/** An element; children are nodes or strings, strings become text nodes. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child instanceof Node || typeof child === "string"));
  return made;
}

/** An icon of the page's own. */
export function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  drawing.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  drawing.append(use);
  return drawing;
}

const codes = (run) => {
  const all = [...run].map(
    (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
  const told = all.slice(0, MOST_CODES).join(" ");
  return all.length > MOST_CODES ? `${told} +${all.length - MOST_CODES}` : told;
};

// The characters themselves stay in the chip, undrawn, so that textContent is still the original;
// the chip's words come from the style sheet.
const chip = (run) =>
  element(
    "bdi",
    {
      class: "invisible",
      dir: "ltr",
      role: "img",
      "aria-label": say("invisible", { code: codes(run) }),
      "data-code": codes(run),
    },
    element("span", { hidden: true }, run),
  );

/** The text as nodes, its invisible characters as chips; `textContent` is the text. */
export function shown(text) {
  const fragment = document.createDocumentFragment();
  let at = 0;
  for (const found of text.matchAll(INVISIBLE)) {
    if (found.index > at) fragment.append(text.slice(at, found.index));
    fragment.append(chip(found[0]));
    at = found.index + found[0].length;
  }
  if (at < text.length) fragment.append(text.slice(at));
  return fragment;
}

/** Whether there is something in the text that cannot be seen. */
export const hides = (text) => text.search(INVISIBLE) >= 0;

/** The text for attributes, where chips cannot be: invisible characters by their codes. */
export const spelled = (text) => text.replace(INVISIBLE, (run) => `[${codes(run)}]`);

/** A name, a title, a file name: shown and kept from turning what stands around it. */
export const isolated = (text, attributes = {}) => element("bdi", attributes, shown(String(text)));

/** A text of the page with its values isolated. */
export function phrase(key, values) {
  const fragment = document.createDocumentFragment();
  for (const part of parts(key, values)) {
    if (part.text !== undefined) fragment.append(part.text);
    else fragment.append(part.value instanceof Node ? part.value : isolated(part.value));
  }
  return fragment;
}

/** The direction of the interface, for its own words inside text of the other direction. */
export const own = () => ({ dir: document.documentElement.dir });

export const directionOf = (language) => (language === "ar" ? "rtl" : "ltr");

/** `lang` and `dir` of a language the server decided. */
export const inLanguage = (language) =>
  language === "ar" || language === "en" ? { lang: language, dir: directionOf(language) } : { dir: "auto" };

/**
 * `lang` and `dir` of a paragraph by what most of its words are, not by the first: an Arabic
 * paragraph that begins with a Latin name is still Arabic, and names are longer than what is said
 * of them.
 */
export function orientation(text, fallback) {
  let balance = 0;
  let seen = 0;
  for (const [, arabic] of text.matchAll(WORD)) {
    balance += arabic ? 1 : -1;
    seen += 1;
    if (seen === WORDS_COUNTED) break;
  }
  if (balance) return inLanguage(balance > 0 ? "ar" : "en");
  return seen || !/\p{L}/u.test(text) ? inLanguage(fallback) : { dir: "auto" };
}

/** Where in UTF-16 units the code point number `points` after unit `from` begins. */
export function unitsAfter(text, from, points) {
  let at = from;
  for (let left = points; left > 0 && at < text.length; left -= 1) {
    at += text.codePointAt(at) > 0xffff ? 2 : 1;
  }
  return at;
}

/** The place of a citation's short answer in the quote, in UTF-16 units; null where none is told. */
export function answerInQuote(citation) {
  const { start, end, answer_start: from, answer_end: until, quote } = citation;
  if (!Number.isInteger(from) || !Number.isInteger(until)) return null;
  if (from < start || until > end || from >= until) return null;
  const first = unitsAfter(quote, 0, from - start);
  return { start: first, end: unitsAfter(quote, first, until - from) };
}

/** `text[from, until)` as nodes, with the part inside `marks` (each `{ start, end, make }`) wrapped. */
export function marked(text, from, until, marks) {
  const [mark, ...inner] = marks;
  const start = mark ? Math.max(from, mark.start) : until;
  const end = mark ? Math.min(until, mark.end) : until;
  const fragment = document.createDocumentFragment();
  if (!mark || start >= end) {
    fragment.append(shown(text.slice(from, until)));
    return fragment;
  }
  const wrapper = mark.make();
  wrapper.append(marked(text, start, end, inner));
  fragment.append(shown(text.slice(from, start)), wrapper, shown(text.slice(end, until)));
  return fragment;
}
