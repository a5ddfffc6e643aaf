// The questions asked before, kept in this browser only.

import { conditionsView } from "./conditions.js";
import { forget, history } from "./kept.js";
import { questionLink } from "./links.js";
import { openPanel, redraw } from "./panel.js";
import { moment, say } from "./strings.js";
import { element, inLanguage, isolated, orientation, own, shown } from "./text.js";

const entryView = (entry) =>
  element(
    "li",
    { dir: orientation(entry.question, entry.language).dir },
    element(
      "a",
      { href: questionLink(entry), ...orientation(entry.question, entry.language) },
      shown(entry.question),
    ),
    element(
      "p",
      { class: "aside origin" },
      entry.answer
        ? element("span", { class: "gist", ...inLanguage(entry.answerLanguage) }, shown(entry.answer)) // cut at its own end
        : element("span", own(), say("unanswered")),
      entry.collection && element("span", {}, isolated(entry.collection)),
      entry.where?.length ? element("span", own(), conditionsView(entry.where.map(String))) : null,
      Number.isFinite(entry.at) && element("span", {}, isolated(moment(entry.at))),
    ),
  );

/** A list of the newest questions, null where there are none. */
export const pastList = (most) => {
  const entries = history().slice(0, most);
  return entries.length ? element("ul", { class: "list" }, entries.map(entryView)) : null;
};

export function openHistory(opener, { announce, onChange }) {
  const render = () => {
    const found = pastList();
    const clear = element("button", { type: "button", class: "quiet" }, say("clear_history"));
    clear.addEventListener("click", () => {
      forget();
      announce(say("cleared"));
      redraw("history");
      document.getElementById("panel-title").focus();
      onChange();
    });
    const content = found
      ? [element("p", { class: "aside" }, say("kept_here")), found, clear]
      : [element("p", { class: "aside" }, say("no_history"))];
    return { heading: say("history"), content };
  };
  openPanel({ name: "history", opener, render });
}
