// Light, dark, or as the computer says.

import { memory } from "./state.js";

const ORDER = ["auto", "light", "dark"];
export const theme = () => memory.read("theme", "auto");

export function applyTheme() {
  document.documentElement.dataset.theme = theme();
}

export function nextTheme() {
  memory.write("theme", ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length]);
  applyTheme();
}
