// The conditions of a filter: what the controls set, and how a reader is told of them.

import { date } from "./strings.js";
import { element, isolated, phrase } from "./text.js";

const DAY = /^\d{4}-\d\d-\d\d$/;

/** What the controls can set: the name of each, how its condition begins, what may follow. */
export const CONTROLS = [
  ["from", "published>=", DAY],
  ["until", "published<=", DAY],
  ["written", "language=", /^(?:ar|en)$/],
];

/** The control that a condition belongs to and its value; null where it has none. */
export function controlOf(condition) {
  const found = CONTROLS.find(([, sign, form]) => condition.startsWith(sign) && form.test(condition.slice(sign.length)));
  return found ? { name: found[0], value: condition.slice(found[1].length) } : null;
}

function told(condition) {
  const set = controlOf(condition);
  if (!set) return isolated(condition, { dir: "ltr" });
  if (set.name === "written") return phrase(`where_${set.value}`);
  return phrase(`where_${set.name}`, { date: date(set.value) });
}

/** Conditions in words; what has no control stands as it was given. */
export const conditionsView = (where) =>
  element("span", {}, where.flatMap((condition, n) => [n ? " · " : null, element("bdi", {}, told(condition))]));
