// A field to choose one or several from a list with filtering; every select of Block Kit is one.

import { freshId, h, icon } from "./dom.js";
import { float, place } from "./popover.js";

const TYPING_PAUSE = 180;

/**
 * options(query) -> list (or promise of a list) of {value, label, detail?, group?, picture?, raw?}.
 * chosen: list of the same, at most one unless `multi`. onchange(list) at each choice, ondone(list) when the list closes changed.
 */
export function combobox({ label, describedby, invalid, placeholder, options, chosen = [], multi = false, max, remote = false, compact = false, onchange, ondone = () => {}, autofocus, emptyText = "No results" }) {
  const listId = freshId("list");
  let picked = [...chosen];
  let shown = [];
  let active = -1;
  let list = null;
  let timer = null; // set while typed letters wait to be asked for
  let asked = 0;
  let asking = null;
  let changed = false;

  const input = h("input.combo-input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-label": label, "aria-expanded": "false", "aria-autocomplete": "list",
    "aria-describedby": describedby, "aria-invalid": invalid ? "true" : null, "aria-haspopup": "listbox", autofocus,
  });
  const chips = h("span.combo-chips");
  const box = h(`div.combo${multi ? ".multi" : ""}${compact ? ".compact" : ""}`, { onclick: () => input.focus() }, chips, input, icon("chevron"));

  function drawPicked() {
    input.placeholder = picked.length && multi ? "" : placeholder || (multi ? "Select options" : "Select an option");
    if (!multi) {
      input.value = picked[0]?.label ?? "";
      return;
    }
    chips.replaceChildren(...picked.map((one) => h("span.chip", {}, one.picture ? one.picture() : null, one.label,
      h("button", { type: "button", "aria-label": `Remove ${one.label}`, onclick: (event) => (event.stopPropagation(), toggle(one)) }, icon("close")))));
  }

  function toggle(one) {
    const has = picked.some((p) => p.value === one.value);
    if (!multi) picked = [one];
    else if (has) picked = picked.filter((p) => p.value !== one.value);
    else if (!max || picked.length < max) picked = [...picked, one];
    else return;
    drawPicked();
    changed = true;
    onchange(picked);
    if (!list) done();
    if (!multi) close();
    else {
      input.value = "";
      input.focus();
      refresh("");
    }
  }

  async function refresh(query) {
    const mine = ++asked;
    if (remote) fill([], "Loading…");
    let found;
    try {
      found = await options(query);
    } catch (failure) {
      if (mine === asked && list) fill([], failure.message);
      return;
    }
    if (mine === asked && list) fill(found, found.note ?? emptyText);
  }

  function fill(found, nothing) {
    shown = found;
    active = found.findIndex((one) => picked.some((p) => p.value === one.value));
    if (active < 0 && found.length) active = 0;
    const rows = [];
    let group;
    found.forEach((one, n) => {
      if (one.group && one.group !== group) rows.push(h("div.combo-group", { role: "presentation" }, (group = one.group)));
      const selected = picked.some((p) => p.value === one.value);
      rows.push(h("div.combo-option", {
        id: `${listId}-${n}`, role: "option", "aria-selected": String(selected),
        onpointerdown: (event) => event.preventDefault(), onclick: (event) => (event.stopPropagation(), toggle(one)),
      }, one.picture ? one.picture() : null, h("span.combo-label", {}, one.label, one.detail ? h("small", {}, one.detail) : null), selected ? icon("check") : null));
    });
    list.replaceChildren(...(rows.length ? rows : [h("div.combo-empty", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, nothing)]));
    mark();
    list.style.minWidth = `${box.offsetWidth}px`;
    place(list, box);
  }

  function mark() {
    list.querySelectorAll(".combo-option").forEach((row, n) => row.classList.toggle("active", n === active));
    const row = list.querySelector(".combo-option.active");
    row?.scrollIntoView({ block: "nearest" });
    if (row) input.setAttribute("aria-activedescendant", row.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function open() {
    if (list) return;
    list = h("div.combo-list", { id: listId, role: "listbox", "aria-label": label, "aria-multiselectable": multi ? "true" : null });
    float(list, box);
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", listId);
    if (!multi) input.select();
    document.addEventListener("scroll", follow, { capture: true, passive: true });
    refresh("");
  }

  const follow = (event) => list && !list.contains(event.target) && place(list, box);

  function close() {
    if (!list) return;
    document.removeEventListener("scroll", follow, { capture: true });
    list.remove();
    list = null;
    asked += 1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-controls");
    input.removeAttribute("aria-activedescendant");
    if (multi) input.value = "";
    drawPicked();
    done();
  }

  function done() {
    if (changed) ondone(picked);
    changed = false;
  }

  function ask() {
    clearTimeout(timer);
    timer = null;
    asking = refresh(input.value);
    return asking;
  }

  /** Enter means the list of what is typed by now, also when that is still on its way. */
  async function choose() {
    await (timer === null ? asking : ask());
    if (list && shown[active]) toggle(shown[active]);
  }

  input.addEventListener("click", open);
  input.addEventListener("blur", () => close());
  input.addEventListener("input", () => {
    open();
    clearTimeout(timer);
    timer = setTimeout(ask, remote ? TYPING_PAUSE : 0);
  });
  input.addEventListener("keydown", (event) => {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!list) return open();
      active = Math.max(0, Math.min(shown.length - 1, active + (key === "ArrowDown" ? 1 : -1)));
      mark();
    } else if (key === "Enter" && list) {
      event.preventDefault();
      event.stopPropagation();
      choose();
    } else if (key === "Enter") {
      event.preventDefault();
      open();
    } else if (key === "Escape" && list) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (key === "Backspace" && multi && !input.value && picked.length) toggle(picked.at(-1));
    return undefined;
  });
  drawPicked();
  return box;
}

/** Local filtering as Slack does it: every option whose label contains the query. */
export function filtering(all) {
  return (query) => {
    const q = query.trim().toLowerCase();
    return q ? all.filter((one) => `${one.label} ${one.detail ?? ""}`.toLowerCase().includes(q)) : all;
  };
}
