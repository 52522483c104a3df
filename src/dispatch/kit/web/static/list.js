// Keys and selection on a list: j and k move, Enter opens (the row's link has the focus), x selects.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const picks = () => all("[data-pick]");

  const showPicked = () => {
    const number = picks().filter((pick) => pick.checked).length;
    document.querySelector("#bulk-bar").hidden = number === 0;
    all("[data-picked]").forEach((sign) => {
      const words = `${number} ${number === 1 ? "incident" : "incidents"}`;
      sign.textContent = sign.closest("dialog") ? words : `${words} selected`;
    });
  };
  const move = (by) => {
    const links = all("#found .row-title");
    const now = links.indexOf(document.activeElement?.closest("tr")?.querySelector(".row-title"));
    links[now < 0 ? 0 : Math.min(Math.max(now + by, 0), links.length - 1)]?.focus();
  };
  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    x: () => document.activeElement?.closest("tr")?.querySelector("[data-pick]")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.isContentEditable || event.target.matches("input:not([type=checkbox]), textarea, select");
    if (event.ctrlKey || event.metaKey || event.altKey || typing || document.querySelector("dialog[open]")) return;
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-pick]")) showPicked(); });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-unpick]")) return;
    picks().forEach((pick) => { pick.checked = false; });
    showPicked();
  });
  document.addEventListener("htmx:afterSwap", showPicked);
  addEventListener("pageshow", showPicked);
})();
