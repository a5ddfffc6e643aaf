// The panel beside the answer; on narrow screens it covers the page and keeps the focus.

import { element } from "./text.js";

const dialog = document.getElementById("panel");
const title = document.getElementById("panel-title");
const tools = document.getElementById("panel-tools");
const body = document.getElementById("panel-body");
const back = document.getElementById("panel-back");
const wide = matchMedia("(min-width: 64rem)");

let current = null; // { name, render, opener, onBack }
let held = null; // the id of what had the focus before the view was drawn again

function place() {
  if (wide.matches) dialog.show();
  else dialog.showModal();
}

/** Draws the view from its beginning; whether it has found its own place to scroll to. */
function draw() {
  const { heading, content, bar, settled } = current.render();
  title.replaceChildren(typeof heading === "string" ? element("span", {}, heading) : heading);
  tools.hidden = !bar;
  tools.replaceChildren(...[bar ?? []].flat());
  body.replaceChildren(...[content].flat());
  back.hidden = !current.onBack;
  body.scrollTop = 0;
  settled?.(body);
  return Boolean(settled);
}

function mark() {
  for (const name of ["articles", "history"]) {
    const open = dialog.open && current?.name === name;
    document.getElementById(`open-${name}`).setAttribute("aria-expanded", String(open));
  }
}

/**
 * Shows a view. `render()` gives `{ heading, content, bar, settled }`; it is called again when the
 * language changes. `opener` gets the focus back, `onBack` shows the way back.
 */
export function openPanel(view) {
  const opener = view.opener ?? (dialog.open ? current?.opener : document.activeElement);
  current?.onClose?.();
  current = { ...view, opener };
  held = null;
  if (!dialog.open) place();
  draw();
  mark();
  title.focus({ preventScroll: true });
}

/** Draws the view again where it is the one shown; the reader stays where they are in it. */
export function redraw(name) {
  if (!dialog.open || !current || (name && current.name !== name)) return;
  const at = body.scrollTop;
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  if (focused !== body) held = focused?.id ?? null;
  if (!draw()) body.scrollTop = at;
  // What had the focus is gone, or has been made anew, perhaps only by a later drawing; until then
  // the view as a whole has it.
  if (focused) (document.getElementById(held) ?? body).focus({ preventScroll: true });
}

export const shownPanel = () => (dialog.open ? current.name : null);

export function closePanel() {
  if (!dialog.open) return;
  dialog.close();
  tidy();
}

function tidy() {
  const { opener, onClose } = current;
  current = null;
  body.replaceChildren();
  tools.replaceChildren();
  mark();
  onClose?.();
  const target = opener?.isConnected ? opener : document.getElementById("question");
  target.focus({ preventScroll: true });
}

/** Scrolls the panel until the node stands in its upper third; the page itself stays. */
export function scrollTo(node) {
  const [inner, outer] = [node.getBoundingClientRect(), body.getBoundingClientRect()];
  body.scrollTop += inner.top - outer.top - Math.max(16, (outer.height - inner.height) / 3);
}

// The event comes as a task of its own: by then the panel may be closed and tidied, or open again.
dialog.addEventListener("close", () => {
  if (!dialog.open && current) tidy();
});
wide.addEventListener("change", () => {
  if (!dialog.open) return;
  const at = body.scrollTop;
  dialog.close();
  place();
  body.scrollTop = at;
});
document.getElementById("panel-close").addEventListener("click", closePanel);
back.addEventListener("click", () => current.onBack());
