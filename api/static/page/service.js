// The service's HTTP interface. Addresses are relative: the page may stand behind a path.

import { events } from "./events.js";

/** What went wrong: `kind` names a text of the page, `said` is the server's own message. */
export class Failure extends Error {
  constructor(kind, { said = null, param = null, request = null, status = 0 } = {}) {
    super(kind);
    Object.assign(this, { kind, said, param, request, status });
  }
}

const BY_CODE = {
  busy: "busy",
  no_index: "no_documents",
  index: "index",
  index_damaged: "index",
  index_mismatch: "index",
  locked: "busy",
  unknown_document: "unknown_document",
  body_too_large: "too_large",
};
const BY_STATUS = { 401: "not_allowed", 403: "not_allowed", 413: "too_large", 429: "busy", 503: "unavailable" };

const kindOf = (status, code) =>
  BY_CODE[code] ?? BY_STATUS[status] ?? (status >= 500 ? "internal" : "refused");

/** The failure that an error object of the service tells. */
const told = (error, status = 0, request = null) =>
  new Failure(kindOf(status, error?.code), {
    said: typeof error?.message === "string" ? error.message : null,
    param: error?.param ?? null,
    request,
    status,
  });

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure("unexpected");
  }
};

async function reply(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { cache: "no-store", redirect: "error", ...options });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Failure("unreachable");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw told(body?.error, response.status, response.headers.get("x-request-id"));
}

async function json(response) {
  let text;
  try {
    text = await response.text();
  } catch (error) {
    throw error.name === "AbortError" ? error : new Failure("interrupted");
  }
  return parsed(text);
}

const got = async (address, signal) => json(await reply(address, { signal }));

const checked = (answer) => {
  if (!["answered", "abstained"].includes(answer?.status) || !Array.isArray(answer.citations)) {
    throw new Failure("unexpected");
  }
  return answer;
};

/**
 * The answer object; `on(event, value)` is called with what comes before it. Throws Failure, and
 * AbortError when the signal ends it.
 */
export async function ask(request, { signal, on }) {
  const response = await reply("v1/ask", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({ ...request, stream: true }),
    signal,
  });
  if (!/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) {
    throw new Failure("unexpected");
  }
  try {
    for await (const { event, data } of events(response.body)) {
      const value = parsed(data);
      if (event === "done") return checked(value);
      if (event === "error") throw told(value.error, 500);
      on(event, value);
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Failure) throw error;
    throw new Failure("interrupted");
  }
  throw new Failure("interrupted");
}

const query = ({ where = [], ...values }) => {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== "" && value !== undefined);
  const all = [...given, ...where.map((condition) => ["where", condition])];
  return all.length ? `?${new URLSearchParams(all)}` : "";
};

export const documents = ({ offset = 0, limit = 50, collection, where }) =>
  got(`v1/documents${query({ offset, limit, collection, where })}`);

/** A stored document, with `span` where a place (code points) is asked for. */
export const article = (id, { start, end, collection } = {}, signal) =>
  got(`v1/documents/${encodeURIComponent(id)}${query({ start, end, collection })}`, signal);

/** The collections and the name of the service's own; none where it has no such thing. */
export async function collections() {
  try {
    const { collections: found, default: own = null } = await got("v1/collections");
    return { found: Array.isArray(found) ? found : [], own };
  } catch {
    return { found: [], own: null };
  }
}

/** Whether files can be sent, by the service's own description; unknown counts as yes. */
export async function takesUploads() {
  try {
    const { paths } = await got("openapi.json");
    return Boolean(paths?.["/v1/documents"]?.post);
  } catch {
    return true;
  }
}

/** Sends files; `onProgress` gets the part that is sent, 0 to 1. Gives the service's reply. */
export function upload(files, { collection, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much is sent
    request.open("POST", `v1/documents${query({ collection })}`);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.upload.onload = () => onProgress(1);
    request.onerror = () => reject(new Failure("unreachable"));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    request.onload = () => {
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        body = null;
      }
      const ok = request.status >= 200 && request.status < 300;
      if (ok && Array.isArray(body?.results)) resolve(body);
      else if (ok) reject(new Failure("unexpected"));
      else if (request.status === 404 || request.status === 405) reject(new Failure("no_uploads"));
      else reject(told(body?.error, request.status, request.getResponseHeader("x-request-id")));
    };
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    for (const file of files) form.append("file", file, file.name);
    request.send(form);
  });
}
