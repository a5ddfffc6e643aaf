// The address's part after #: a question with its choices, or a place in a document.

/** The page's address for a question. */
export function questionLink({ question, collection, where }) {
  const values = new URLSearchParams({ q: question });
  if (collection) values.set("collection", collection);
  for (const condition of where ?? []) values.append("where", condition);
  return `#${values}`;
}

/** The page's whole address for a place (code points) in a document: what a copied quote links to. */
export function placeLink({ document_id: id, start, end }, collection) {
  const values = new URLSearchParams({ document: id, start, end });
  if (collection) values.set("collection", collection);
  return `${location.origin}${location.pathname}#${values}`;
}

const whole = (text) => (/^\d{1,15}$/.test(text ?? "") ? Number(text) : null);

/** What the address asks for: `{ request }`, `{ place }` or nothing. */
export function asked(hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const collection = values.get("collection") || null;
  const question = values.get("q")?.trim();
  if (question) {
    return { request: { question, collection, where: values.getAll("where").filter(Boolean) } };
  }
  const id = values.get("document");
  if (!id) return {};
  const [start, end] = [whole(values.get("start")), whole(values.get("end"))];
  const given = start !== null && end !== null ? { start, end } : { start: null, end: null };
  return { place: { document_id: id, collection, ...given } };
}
