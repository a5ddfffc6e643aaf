import { has, say } from "./strings.js";
import { element, isolated, phrase } from "./text.js";

/** A failure in the interface's language, what the server said of it, and a way to try again. */
export function failureView(failure, onRetry) {
  const key = `error_${failure.kind}`;
  const retry = onRetry && element("button", { type: "button", class: "strong" }, say("retry"));
  retry?.addEventListener("click", onRetry);
  const said = failure.said && [
    element("p", { class: "aside" }, say("server_said"), " ", isolated(failure.said)),
    failure.request && element("p", { class: "aside" }, phrase("request_id", { id: failure.request })),
  ];
  return element(
    "div",
    { class: "card failure" },
    element("h2", {}, say("error")),
    element("p", {}, say(has(key) ? key : "error_unexpected")),
    said,
    retry,
  );
}
