// What floats over the page: menus, panels, dialogs and short notices.

import { freshId, h, icon, iconButton } from "./dom.js";

const supported = typeof HTMLElement.prototype.showPopover === "function";

/** Put a floating box under (or over) an anchor, inside the window. */
export function place(box, anchor, { side = "start", gap = 4 } = {}) {
  const a = anchor.getBoundingClientRect();
  const width = box.offsetWidth;
  const height = box.offsetHeight;
  const below = window.innerHeight - a.bottom - gap;
  const up = below < height && a.top - gap > below;
  const left = side === "end" ? a.right - width : a.left;
  box.style.left = `${Math.max(8, Math.min(left, window.innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, up ? a.top - gap - height : Math.min(a.bottom + gap, window.innerHeight - height - 8))}px`;
}

/** Inside the dialog of `anchor`, where it stays usable, or in the page's layer for such things. */
export function float(box, anchor) {
  const host = anchor.closest("dialog") ?? document.getElementById("layers");
  if (supported) box.popover = "manual";
  host.append(box);
  if (supported) box.showPopover();
}

let openOne = null;

/** Show content at an anchor; closes on Escape, on a click elsewhere, or by the returned function. */
export function openPanel(anchor, content, { label, side, role = "dialog", onclose } = {}) {
  openOne?.();
  const box = h("div.panel", { role, "aria-label": label }, content);
  const outside = (event) => {
    if (!box.contains(event.target) && !anchor.contains(event.target)) close(false);
  };
  const keys = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  function close(refocus = true) {
    if (openOne !== close) return;
    openOne = null;
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", keys, true);
    box.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (refocus && anchor.isConnected) anchor.focus();
    onclose?.();
  }
  openOne = close;
  float(box, anchor);
  place(box, anchor, { side });
  anchor.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", keys, true);
  return close;
}

export const isOpenAt = (anchor) => anchor.getAttribute("aria-expanded") === "true" && openOne;
export const closePanel = () => openOne?.(false);

/** items: {label, detail?, icon?, danger?, run} or null for a line. */
export function openMenu(anchor, items, { label = "Menu", side } = {}) {
  if (isOpenAt(anchor)) return openOne();
  let close = () => {};
  const rows = items.map((item) => {
    if (!item) return h("hr", { role: "separator" });
    if (item.heading) return h("p.menu-heading", { role: "presentation" }, item.heading);
    const pick = () => {
      close();
      item.run();
    };
    return h(`button.menu-item${item.danger ? ".danger" : ""}`, { type: "button", role: item.checked === undefined ? "menuitem" : "menuitemradio", "aria-checked": item.checked === undefined ? null : String(item.checked), tabindex: "-1", onclick: pick },
      item.picture ?? (item.icon ? icon(item.icon) : null), h("span.menu-text", {}, item.label, item.detail ? h("small", {}, item.detail) : null), item.checked ? icon("check") : null);
  });
  const menu = h("div.menu", { role: "menu", "aria-label": label }, rows);
  menu.addEventListener("keydown", (event) => {
    const all = [...menu.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") return close();
    if (to === undefined) return undefined;
    event.preventDefault();
    return all.at(to % all.length)?.focus();
  });
  close = openPanel(anchor, menu, { label, side, role: "presentation" });
  menu.querySelector("button")?.focus();
  return close;
}

/** A modal dialog of this page (not a Slack view). `build(close)` answers the body and the buttons. */
export function openDialog(title, build, { wide = false } = {}) {
  const id = freshId("dialog");
  const dialog = h(`dialog.dialog${wide ? ".wide" : ""}`, { "aria-labelledby": id });
  const close = () => dialog.close();
  const { body, buttons } = build(close);
  dialog.append(
    h("header.dialog-head", {}, h("h2", { id }, title), iconButton("close", "Close", close)),
    h("div.dialog-body", {}, body),
    ...(buttons ? [h("footer.dialog-foot", {}, buttons)] : []),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Resolves to true when the person confirms. */
export function confirm({ title, text, confirm: yes = "OK", deny = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    let answer = false;
    const dialog = openDialog(title, (close) => {
      const ok = h(`button.button.${danger ? "danger-fill" : "primary"}`, { type: "button", autofocus: true, onclick: () => ((answer = true), close()) }, yes);
      return { body: text, buttons: [h("button.button", { type: "button", onclick: close }, deny), ok] };
    });
    dialog.addEventListener("close", () => resolve(answer));
  });
}

const NOTICE_STAYS = 6000;

export function notice(text, kind = "info") {
  const box = h(`div.notice.notice-${kind}`, {}, icon(kind === "error" ? "warn" : kind === "done" ? "check" : "info"), h("span", {}, text));
  document.getElementById("notices").append(box);
  setTimeout(() => box.remove(), NOTICE_STAYS);
}
