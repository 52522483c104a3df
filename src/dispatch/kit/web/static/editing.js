// A value with a pencil becomes a field where it stands. Enter saves (in a long text Ctrl+Enter), Escape leaves it as it is.
(() => {
  "use strict";
  const { fragment, toast } = window.dispatchPage;
  const $ = (selector, root = document) => root.querySelector(selector);
  const editor = () => $(".editor");
  const slotOf = (place) => $(`[data-slot="${place}"]`);
  const field = (form) => $("#fields :is(input:checked, input[type=text], textarea, select)", form);
  const values = (form) => JSON.stringify([...new FormData(form)]);

  // The type-ahead fields need a script that few pages and few values need.
  const scripts = async (form) => {
    for (const src of (form.dataset.scripts || "").split(" ").filter(Boolean)) {
      if (window.Alpine || $(`script[src="${src}"]`)) continue;
      await new Promise((ready) => document.head.append(Object.assign(document.createElement("script"), { src, onload: ready, onerror: ready })));
    }
  };
  const settle = (form) => {
    const overhang = form.getBoundingClientRect().right > document.documentElement.clientWidth - 8;
    form.classList.toggle("is-end", overhang);
  };
  const start = (form) => {
    settle(form);
    const first = field(form);
    first?.focus();
    form.scrollIntoView({ block: "nearest" });
    if (first?.matches("input[type=text]")) first.select();
  };
  const leave = (form) => {
    const { place } = form.dataset;
    form.remove();
    document.getElementById(`edit-${place}`)?.focus();
  };

  const open = async (pencil) => {
    const other = editor();
    if (other && values(other) !== other.shown) {
      field(other)?.focus();
      toast("Save or cancel this change first.");
      return;
    }
    if (other) other.remove();
    const { edit: place } = pencil.dataset;
    const form = await fragment(`${$("[data-path]").dataset.path}/edit/${place}`);
    if (!form || editor()) return;
    await scripts(form);
    slotOf(place).append(form);
    htmx.process(form);
    start(form);
    // The type-ahead fills its inputs in a moment of its own.
    requestAnimationFrame(() => { form.shown = values(form); });
  };

  document.addEventListener("click", (event) => {
    const pencil = event.target.closest("[data-edit]");
    if (pencil) open(pencil);
    else if (event.target.closest("[data-leave]")) leave(event.target.closest(".editor"));
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest(".editor");
    if (!form || event.defaultPrevented) return;
    if (event.key === "Escape") leave(form);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    else return;
    event.preventDefault();
  });

  // What somebody else changes draws the part again: the field that is open is put back into the new one as it was.
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = editor();
    const own = form && event.detail.requestConfig?.elt === form;
    // Refused: the same field again, with the reason and what was typed.
    if (own && [412, 422].includes(event.detail.xhr.status)) Object.assign(event.detail, { shouldSwap: true, isError: false });
    if (!form || own || !event.detail.target.contains(form)) return;
    const at = document.activeElement;
    kept = { form, at: form.contains(at) ? at : null, from: at?.selectionStart, to: at?.selectionEnd };
    form.remove();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (kept) {
      const { form, at, from, to } = kept;
      kept = null;
      slotOf(form.dataset.place)?.append(form);
      settle(form);
      at?.focus({ preventScroll: true });
      if (at && typeof from === "number") at.setSelectionRange(from, to);
      return;
    }
    if (event.detail.requestConfig?.elt?.matches(".editor") && editor()) start(editor());
  });
  // Saved: back to where it began.
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && detail.requestConfig.elt.matches(".editor")) document.getElementById(`edit-${detail.requestConfig.elt.dataset.place}`)?.focus();
  });
})();
