// The palette: Ctrl-K, type, arrows, Enter. A combobox with a list box; the focus stays in the input.
(() => {
  "use strict";
  const palette = document.querySelector("#palette");
  if (!palette) return;
  const input = palette.querySelector("input");
  const list = palette.querySelector("ul");
  const status = palette.querySelector(".palette-foot");
  let chosen = -1;
  let asked = 0;
  let waiting = 0;

  const choose = (number) => {
    const options = [...list.children];
    chosen = options.length ? (number + options.length) % options.length : -1;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[chosen].id);
      options[chosen].scrollIntoView({ block: "nearest" });
    }
  };
  const line = (text, tag) => Object.assign(document.createElement(tag), { textContent: text, className: "cut" });
  const show = (targets) => {
    list.replaceChildren(...targets.map((target, place) => {
      const option = document.createElement("li");
      option.id = `palette-${place}`;
      option.setAttribute("role", "option");
      option.dataset.href = target.href;
      option.append(line(target.label, "span"), line(target.kind === "Incident" ? target.note : target.kind, "small"));
      option.firstChild.dir = "auto";
      return option;
    }));
    input.setAttribute("aria-expanded", String(targets.length > 0));
    const number = targets.length === 1 ? "1 place" : `${targets.length} places`;
    status.textContent = targets.length ? `${number} · ↑ ↓ to choose, Enter to go` : "Nothing fits. Try a name such as INC-7, or words of a title.";
    choose(targets.length ? 0 : -1);
  };
  const load = async () => {
    const mine = ++asked;
    try {
      const answer = await fetch(`${palette.dataset.address}?q=${encodeURIComponent(input.value)}`);
      if (mine !== asked) return;
      if (answer.ok) show(await answer.json());
      else status.textContent = "That did not work. Reload the page, then try again.";
    } catch { if (mine === asked) status.textContent = "No connection to Dispatch."; }
  };
  const go = (option) => { if (option) location.assign(option.dataset.href); };
  const open = () => {
    if (!palette.open) palette.showModal();
    input.select();
    load();
  };

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    const other = document.querySelector("dialog[open]:not(#palette)");
    if (palette.open) palette.close();
    else if (!other) open();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-dialog=palette]")) open(); });
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(load, 120); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const act = {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(chosen - 1),
      Enter: () => go(list.children[chosen]),
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  list.addEventListener("click", (event) => go(event.target.closest("li")));
})();
