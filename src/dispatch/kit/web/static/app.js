// What every page does in the browser. Behaviour hangs on data attributes; pages carry no script of their own.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const meta = (name) => $(`meta[name="${name}"]`)?.content || "";
  const root = document.documentElement;

  // --- theme: light, dark, or what the system says
  const showTheme = () => all("[data-set-theme]").forEach((button) =>
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === root.dataset.theme)));
  const setTheme = (choice) => {
    try { localStorage.setItem("theme", choice); } catch { /* lasts for this page only */ }
    dispatchEvent(new Event("themechange"));
    showTheme();
  };

  // --- times: the server wrote them in the person's zone; without one we use the browser's
  const UNITS = [["d", 86400], ["h", 3600], ["min", 60]];
  const ago = (seconds) => {
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || [];
    if (!unit) return seconds >= 0 ? "just now" : "in a moment";
    const amount = `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
    return seconds > 0 ? `${amount} ago` : `in ${amount}`;
  };
  const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const DAY = { weekday: "short", day: "numeric", month: "short", year: "numeric" };
  const span = (seconds) => seconds < 60 ? "under 1 min" : ago(seconds).replace(" ago", "");
  const SHAPES = { clock: CLOCK, day: DAY, moment: { ...DAY, ...CLOCK } };
  // The difference to the server's clock: "2 min ago" must hold on a laptop whose clock is wrong.
  const skew = (Date.parse(root.dataset.now) || Date.now()) - Date.now();
  const showTimes = () => all("time[data-time]").forEach((time) => {
    const at = new Date(time.dateTime);
    const shape = SHAPES[time.dataset.time];
    if (!shape) time.textContent = (time.dataset.time === "since" ? span : ago)(Math.trunc((Date.now() + skew - at) / 1000));
    else if (!root.dataset.zone) time.textContent = new Intl.DateTimeFormat("en-GB", shape).format(at);
  });

  // --- toasts: from the server (`HX-Trigger: {"toast": {"text": ..., "tone": ...}}`) or from here
  const toast = (text, tone = "secondary") => {
    const card = $("#toast").content.firstElementChild.cloneNode(true);
    card.classList.add(`tone-${tone}`);
    $("[data-text]", card).textContent = text;
    $("#toasts").append(card);
    setTimeout(() => card.remove(), tone === "red" ? 15000 : 6000);
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add("is-done");
      setTimeout(() => button.classList.remove("is-done"), 1500);
      toast("Copied");
    } catch { toast("Your browser does not allow copying here.", "red"); }
  };

  // --- a piece of the page from the server, as an element; null, and the reason in words, when there is none
  const fragment = async (address) => {
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" } });
      // Signed out meanwhile: the page itself leads to the sign-in, and back.
      if (answer.redirected) { location.reload(); return null; }
      const made = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok) return document.importNode(made.body.firstElementChild, true);
      toast(made.querySelector(".error-message")?.textContent || "That did not work. Please try again.", "red");
    } catch { toast("No connection to Dispatch. Your page may be out of date.", "red"); }
    return null;
  };
  window.dispatchPage = { fragment, toast };

  // --- dialogs: those of the page, and with `data-load` one that the server draws as things are now
  const show = (dialog, opener) => {
    dialog.dataset.opener = opener.id || opener.closest("[id]")?.id || "";
    dialog.showModal();
    // The browser has been at the first button, which may be far down.
    if (dialog.autofocus) { dialog.focus(); dialog.scrollTop = 0; }
  };
  const load = async (opener) => {
    const dialog = await fragment(opener.dataset.load);
    if (!dialog || $("dialog[open]")) return;
    document.body.append(dialog);
    htmx.process(dialog);
    showTimes();
    dialog.addEventListener("close", () => dialog.remove());
    show(dialog, opener);
  };
  // Where it was opened from may have been drawn again meanwhile: then the browser cannot lead back there by itself.
  document.addEventListener("close", ({ target }) => {
    const opener = document.getElementById(target.dataset.opener);
    if (!opener || document.activeElement !== document.body) return;
    const menu = opener.closest("details.menu") || (opener.matches("button") ? null : opener);
    (menu ? $("summary", menu) : opener)?.focus();
  }, true);

  const typing = (element) => element.isContentEditable || element.matches("input, textarea, select");
  const SHORTCUTS = {
    "/": () => $("[data-search]")?.focus(),
    c: () => $("[data-report]")?.click(),
    "?": () => $("#shortcuts")?.showModal(),
  };

  // --- suggestions while typing: `data-suggest` is the address, the input's list is filled with what it answers
  let typed = 0;
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (!input.dataset?.suggest || !input.list) return;
    clearTimeout(typed);
    typed = setTimeout(async () => {
      // Without a connection there is nothing to suggest; sending the form says that there is none.
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(input.value)}`).catch(() => null);
      if (!answer?.ok) return;
      input.list.replaceChildren(...(await answer.json()).map(({ value, label, note }) => {
        const option = document.createElement("option");
        option.value = value;
        option.label = note ? `${label}, ${note}` : label;
        return option;
      }));
    }, 150);
  });

  // --- one listener for all clicks
  const CLICKS = {
    "[data-set-theme]": (button) => setTheme(button.dataset.setTheme),
    "[data-copy]": copy,
    "[data-load]": load,
    "[data-dialog]": (button) => {
      const dialog = $(`#${button.dataset.dialog}`);
      if (dialog) show(dialog, button);
    },
    "[data-close]": (button) => button.closest("dialog, .toast-card")?.[button.closest("dialog") ? "close" : "remove"](),
    dialog: (dialog, target) => { if (target === dialog) dialog.close(); },
  };
  document.addEventListener("click", (event) => {
    // A menu goes when something of it was chosen, and when something else was clicked. Before a dialog is opened from it:
    // the dialog leads the focus back to where it was, and in a closed menu there is no such place.
    all("details.menu[open]").forEach((menu) => {
      const chosen = menu.contains(event.target) && event.target.closest(".menu-items :is(a, button)");
      if (chosen) $("summary", menu).focus();
      if (chosen || !menu.contains(event.target)) menu.open = false;
    });
    for (const [selector, act] of Object.entries(CLICKS)) {
      const found = event.target.closest(selector);
      if (found) { act(found, event.target); break; }
    }
  });
  // What a menu offers is in sight, wherever on the screen it was opened; once more when the server has filled it.
  const reveal = (menu) => { if (menu?.open) $(".menu-items", menu)?.scrollIntoView({ block: "nearest" }); };
  document.addEventListener("toggle", ({ target }) => { if (target.matches("details.menu")) reveal(target); }, true);
  document.addEventListener("htmx:afterSettle", ({ target }) => reveal(target.closest?.("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details.menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    const act = SHORTCUTS[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });
  document.addEventListener("submit", (event) => {
    // Twice at 3 a.m. is one too many; a page that is shown again from memory gets its buttons back below.
    if (event.target.matches("[data-once]")) setTimeout(() => all("[type=submit]", event.target).forEach((b) => { b.disabled = true; }));
  });
  addEventListener("pageshow", () => all("[data-once] [type=submit]").forEach((button) => { button.disabled = false; }));

  // --- how much room is left, once it gets tight; in code points, as the server counts
  document.addEventListener("input", ({ target }) => {
    if (!target.dataset?.limit) return;
    const most = Number(target.dataset.limit);
    const used = [...target.value].length;
    let sign = target.nextElementSibling;
    if (!sign?.matches(".room")) {
      sign = Object.assign(document.createElement("small"), { className: "room" });
      target.after(sign);
    }
    sign.textContent = used > most * 0.8 ? `${used} of ${most} characters` : "";
    sign.classList.toggle("tone-red", used > most);
    target.setCustomValidity(used > most ? `At most ${most} characters, please.` : "");
  });

  // --- htmx: the token of the form, failures in words, and a page that stays where the reader put it
  const ERRORS = {
    403: "You may not do that, or this page is too old. Reload it and try again.",
    409: "Somebody changed this in the meantime. The page now shows the new state.",
  };
  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, headers, parameters } = event.detail;
    if (verb !== "get") headers["X-CSRF-Token"] = meta("csrf");
    // An address that people share names only what they chose.
    else Object.keys(parameters).forEach((name) => { if (parameters[name] === "") delete parameters[name]; });
  });
  // A form in a dialog that was refused says why where it was typed, and keeps what was typed.
  const said = (xhr) => new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(".error-message")?.textContent;
  const complain = (dialog, words) => {
    const sign = $("[role=alert]", dialog) || Object.assign(document.createElement("p"), { className: "field-error" });
    sign.setAttribute("role", "alert");
    sign.textContent = words;
    $(".dialog-foot", dialog).before(sign);
    all("[type=submit]", dialog).forEach((button) => { button.disabled = false; });
  };
  document.addEventListener("saved", (event) => {
    const dialog = event.target.closest("dialog");
    if (dialog) {
      $("[role=alert]", dialog)?.remove();
      $("form", dialog).reset();
      all("[type=submit]", dialog).forEach((button) => { button.disabled = false; });
      dialog.close();
    }
    // An open page hears of it anyway, unless it is cut off at the moment.
    if (!$("[data-live=on]")) htmx.trigger(document.body, "refresh");
  });
  document.addEventListener("htmx:responseError", (event) => {
    const dialog = event.detail.elt.closest("dialog[open]");
    if (dialog && event.detail.elt.matches("form")) complain(dialog, said(event.detail.xhr) || "That did not work. Please try again.");
    else if (event.detail.requestConfig.verb !== "get") toast(said(event.detail.xhr) || ERRORS[event.detail.xhr.status] || "That did not work. Please try again.", "red");
  });
  // A toast would lie below the dialog.
  document.addEventListener("htmx:sendError", ({ detail }) => {
    const dialog = detail.elt.matches("form") && detail.elt.closest("dialog[open]");
    if (dialog) complain(dialog, "No connection to Dispatch. Please try again.");
    else toast("No connection to Dispatch. Your page may be out of date.", "red");
  });
  document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));
  let opened = [];
  document.addEventListener("htmx:beforeSwap", (event) => { opened = all("details[id][open]", event.target).map((d) => d.id); });
  document.addEventListener("htmx:afterSwap", () => {
    opened.forEach((id) => { const details = document.getElementById(id); if (details) details.open = true; });
    showTimes();
  });

  // --- live: say whether the page is. What changed before it listened, at first or again, the server tells it then.
  const showLive = (state) => all("[data-live]").forEach((sign) => { sign.dataset.live = state; });
  document.addEventListener("htmx:sseOpen", () => showLive("on"));
  // The server ended it: whoever looks may no longer, or may something else now; the page loaded anew says which.
  // From somebody who is writing nothing is taken.
  document.addEventListener("htmx:sseClose", ({ detail }) => {
    if (detail.type !== "message") { showLive("off"); return; }
    showLive("ended");
    if (!$("dialog[open]") && !typing(document.activeElement)) location.reload();
  });
  document.addEventListener("htmx:sseError", () => showLive("off"));

  // --- what was sent and is wrong stands where it was typed: on a page without a notice above, that place may be far down
  const wrong = $("#main :is([aria-invalid=true], .field-error)");
  if (wrong && !$("#main .notice[role=alert]") && !$("[autofocus]")) {
    wrong.scrollIntoView({ block: "center" });
    wrong.focus();
  }
  // --- on a small screen the settings are one row: its present page is not the one to look for
  const row = $(".settings-nav");
  const present = row && $("[aria-current]", row);
  if (present) row.scrollLeft += present.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - present.offsetWidth) / 2;

  const reload = $("[data-reload]");
  if (reload) setTimeout(() => location.reload(), Number(reload.dataset.reload) * 1000);
  showTheme();
  showTimes();
  setInterval(showTimes, 20000);
})();
