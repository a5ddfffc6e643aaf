// What this browser keeps: preferences and history. Nothing fails where storage is switched off.

const MOST_QUESTIONS = 50;

export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(`sanad.${name}`);
    else localStorage.setItem(`sanad.${name}`, value);
  } catch {
    // full or switched off: the page works without
  }
}

export function kept(name) {
  try {
    return localStorage.getItem(`sanad.${name}`);
  } catch {
    return null;
  }
}

/** The questions asked, newest first; `{ question, collection, where, answer, language, at }`. */
export function history() {
  try {
    const found = JSON.parse(kept("history"));
    const whole = ({ question, where = [] }) => typeof question === "string" && Array.isArray(where);
    return Array.isArray(found) ? found.filter((entry) => entry && whole(entry)) : [];
  } catch {
    return [];
  }
}

const same = (one, other) =>
  one.question === other.question &&
  one.collection === other.collection &&
  JSON.stringify(one.where) === JSON.stringify(other.where);

/** Puts a question first; asked again, it is listed once. */
export function remember(entry) {
  const others = history().filter((other) => !same(entry, other));
  keep("history", JSON.stringify([entry, ...others].slice(0, MOST_QUESTIONS)));
}

export const forget = () => keep("history", null);
