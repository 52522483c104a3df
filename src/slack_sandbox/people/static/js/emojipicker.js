// Choosing an emoji, for reactions and for the composer.

import { h } from "./dom.js";
import { EMOJI, emoji, findEmoji } from "./emoji.js";
import { openPanel } from "./popover.js";
import { memory } from "./state.js";

const COLUMNS = 9;
const SHOWN = 180;

export const recentEmoji = () => memory.read("emoji", ["white_check_mark", "eyes", "raised_hands"]);

const remember = (name) => memory.write("emoji", [name, ...recentEmoji().filter((one) => one !== name)].slice(0, 9));

const once = (names) => [...new Map(names.map((name) => [emoji(name), name]).reverse()).values()].reverse();

export function openEmojiPicker(anchor, pick, side = "end") {
  const input = h("input.picker-input", { type: "text", placeholder: "Search emoji", "aria-label": "Search emoji", autocomplete: "off" });
  const grid = h("div.emoji-grid", { role: "group", "aria-label": "Emoji" });
  const name = h("p.emoji-name", { "aria-hidden": "true" });
  const choose = (one) => {
    close();
    remember(one);
    pick(one);
  };
  const cell = (one) => h("button.emoji-cell", { type: "button", "aria-label": one.replaceAll("_", " "), onclick: () => choose(one), onpointerenter: () => (name.textContent = `:${one}:`), onfocus: () => (name.textContent = `:${one}:`) }, emoji(one));
  const fill = () => {
    const query = input.value.trim();
    const names = query ? once(findEmoji(query, SHOWN)) : once([...recentEmoji(), ...EMOJI.keys()]).slice(0, SHOWN);
    grid.replaceChildren(...(names.length ? names.map(cell) : [h("p.picker-empty", {}, "No emoji found")]));
  };
  input.addEventListener("input", fill);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && grid.querySelector("button")) {
      event.preventDefault();
      grid.querySelector("button").click();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      grid.querySelector("button")?.focus();
    }
  });
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...grid.querySelectorAll("button")];
    const to = all.indexOf(document.activeElement) + step;
    (to < 0 ? input : all[Math.min(to, all.length - 1)])?.focus();
  });
  fill();
  const close = openPanel(anchor, h("div.emoji-picker", {}, h("div.picker-head", {}, input), grid, name), { label: "Emoji", side });
  input.focus();
}
