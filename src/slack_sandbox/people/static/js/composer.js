// Where a person types: messages, slash commands, replies, corrections.

import { as, fileBody } from "./api.js";
import { globalShortcuts, runCommand, runShortcut } from "./commands.js";
import { commandIn, completion } from "./completion.js";
import { h, iconButton } from "./dom.js";
import { openEmojiPicker } from "./emojipicker.js";
import { avatar } from "./people.js";
import { notice, openMenu } from "./popover.js";
import { state } from "./state.js";
import { stored } from "./typed.js";

const drafts = new Map();

/** `onsend(text)` gets the text as Slack stores it. `buttons(send)` replaces the tool row's right end. */
export function composer({ channel, thread = null, label, placeholder = "", start, onsend, onescape, onup, buttons, foot }) {
  const key = `${state.me} ${channel.id} ${thread ?? ""}`;
  const area = h("textarea.composer-text", { "aria-label": label, placeholder, rows: "1", "aria-autocomplete": "list", spellcheck: "true" });
  const hint = h("p.composer-hint", { hidden: true });
  const busy = h("p.composer-busy", { role: "status" });
  const complete = completion(area);
  const sendButton = iconButton("send", "Send", () => send(), { class: "send", disabled: true });
  const own = start === undefined;
  area.value = own ? drafts.get(key) ?? "" : start;

  function grow() {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }

  function changed() {
    grow();
    if (own) drafts.set(key, area.value);
    sendButton.disabled = !area.value.trim();
    const command = own && commandIn(area.value);
    hint.hidden = !command;
    if (command) hint.replaceChildren(h("strong", {}, command.command), " ", command.usage_hint, h("span", {}, command.description));
  }

  function put(text) {
    area.value = text;
    complete.hide();
    changed();
  }

  async function send() {
    const text = area.value;
    if (!text.trim()) return;
    if (own) put("");
    try {
      if (own && text.startsWith("/")) await command(text);
      else await onsend(stored(text.trim()));
    } catch (failure) {
      if (own && !area.value) put(text);
      notice(failure.message, "error");
    }
  }

  async function command(text) {
    busy.textContent = `Running ${text.split(/\s/)[0]}…`;
    try {
      if (!(await runCommand(text.trimEnd(), channel, thread)) && !area.value) put(text);
    } finally {
      busy.textContent = "";
    }
  }

  area.addEventListener("input", changed);
  area.addEventListener("keydown", (event) => {
    if (complete.key(event) || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && onescape) {
      event.stopPropagation();
      onescape();
    } else if (event.key === "ArrowUp" && !area.value && onup) {
      event.preventDefault();
      onup();
    } else if ((event.ctrlKey || event.metaKey) && MARKS[event.key]) {
      event.preventDefault();
      wrap(MARKS[event.key]);
    }
  });

  function wrap(mark) {
    const { selectionStart: from, selectionEnd: to } = area;
    area.setRangeText(mark + area.value.slice(from, to) + mark, from, to, from === to ? "start" : "select");
    if (from === to) area.selectionStart = area.selectionEnd = from + mark.length;
    area.focus();
    changed();
  }

  const emojiButton = iconButton("smile", "Emoji", (e) => openEmojiPicker(e.currentTarget, (name) => {
    area.setRangeText(`:${name}: `, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    changed();
  }, "start"), { "aria-haspopup": "dialog" });
  const tools = h("div.composer-tools", {}, own ? attach(channel, thread, area, put) : null, emojiButton,
    h("button.icon-button.format", { type: "button", title: "Bold (Ctrl B)", "aria-label": "Bold", onclick: () => wrap("*") }, h("b", {}, "B")),
    h("button.icon-button.format", { type: "button", title: "Italic (Ctrl I)", "aria-label": "Italic", onclick: () => wrap("_") }, h("i", {}, "I")),
    h("button.icon-button.format", { type: "button", title: "Code", "aria-label": "Code", onclick: () => wrap("`") }, h("code", {}, "<>")),
    own && !thread ? shortcutsButton() : null, h("span.grow"), buttons ? buttons(send) : sendButton);
  const box = h("div.composer", {}, complete.list, hint, h("div.composer-box", {}, area, tools), own ? h("div.composer-foot", {}, busy, foot ?? KEYS()) : null);
  requestAnimationFrame(() => {
    changed();
    if (!own) area.focus();
  });
  return { box, area };
}

const KEYS = () => h("span.composer-keys", { "aria-hidden": "true" }, h("b", {}, "Enter"), " sends, ", h("b", {}, "Shift Enter"), " new line, ", h("b", {}, "/"), " commands");
const MARKS = { b: "*", i: "_" };

function shortcutsButton() {
  return iconButton("bolt", "Shortcuts", (event) => {
    const items = globalShortcuts().map((s) => ({ label: s.name, detail: s.description || s.app.name, picture: avatar({ id: s.app.app_id, name: s.app.name, app: true }, "s"), run: () => runShortcut(s) }));
    openMenu(event.currentTarget, items.length ? [{ heading: "Shortcuts" }, ...items] : [{ heading: "No app here has global shortcuts" }], { label: "Shortcuts" });
  }, { "aria-haspopup": "menu" });
}

function attach(channel, thread, area, put) {
  const input = h("input", {
    type: "file", multiple: true, hidden: true, "aria-label": "Files",
    onchange: async () => {
      const files = [...input.files];
      input.value = "";
      try {
        for (const file of files) {
          await as(state.me, "uploads", { ...(await fileBody(file)), channel: channel.id, comment: stored(area.value.trim()), thread_ts: thread });
          put("");
        }
      } catch (failure) {
        notice(failure.message, "error");
      }
    },
  });
  return [input, iconButton("plus", "Attach files", () => input.click())];
}
