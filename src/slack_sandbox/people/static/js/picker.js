// A filter with a list under it: the channel jump, the person switcher, the emoji picker's search, adding people.

import { freshId, h, icon } from "./dom.js";

/** items(query) -> [{label, detail?, picture?, group?, aside?, run}]; `pick(item)` after Enter or a click. */
export function picker({ label, placeholder, items, pick, emptyText = "Nothing found" }) {
  const id = freshId("picker");
  const list = h("div.picker-list", { id, role: "grid", "aria-label": label });
  const input = h("input.picker-input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", autofocus: true, placeholder, "aria-label": label,
    "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list", "aria-haspopup": "grid",
  });
  let found = [];
  let active = 0;

  function fill() {
    found = items(input.value.trim().toLowerCase());
    active = 0;
    let group;
    const rows = found.flatMap((item, n) => {
      const row = h("div.picker-row", { role: "row" },
        h("div.picker-option", { id: `${id}-${n}`, role: "gridcell", "aria-selected": "false", onclick: () => pick(item), onpointermove: () => active !== n && mark(n) },
          item.picture?.(), h("span.picker-text", {}, h("span.picker-label", {}, item.label), item.detail ? h("small", {}, item.detail) : null), item.current ? icon("check") : null),
        item.aside ? h("div.picker-aside", { role: "gridcell" }, item.aside) : null);
      if (!item.group || item.group === group) return [row];
      group = item.group;
      return [h("div.picker-group", { role: "row" }, h("span", { role: "gridcell" }, group)), row];
    });
    list.replaceChildren(...(rows.length ? rows : [h("div.picker-empty", { role: "row" }, h("span", { role: "gridcell" }, emptyText))]));
    mark(0);
  }

  function mark(n) {
    active = n;
    list.querySelectorAll(".picker-option").forEach((row, i) => {
      row.classList.toggle("active", i === n);
      row.setAttribute("aria-selected", String(i === n));
      if (i === n) row.scrollIntoView({ block: "nearest" });
    });
    if (found.length) input.setAttribute("aria-activedescendant", `${id}-${n}`);
    else input.removeAttribute("aria-activedescendant");
  }

  input.addEventListener("input", fill);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      mark((active + step + found.length) % found.length);
    } else if (event.key === "Enter" && found[active]) {
      event.preventDefault();
      pick(found[active]);
    }
  });
  fill();
  return { box: h("div.picker", {}, h("div.picker-head", {}, icon("search"), input), list), input };
}

export const matches = (query, ...texts) => !query || texts.some((text) => text?.toLowerCase().includes(query));
