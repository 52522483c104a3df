// Completion under the caret of a text area: slash commands, @people, #channels and :emoji:.

import { commands } from "./commands.js";
import { freshId, h, icon } from "./dom.js";
import { emoji, findEmoji } from "./emoji.js";
import { preview } from "./mrkdwn.js";
import { avatar, faceOf, isDirect, nameOf, titleOf } from "./people.js";
import { channelsSorted, workspace } from "./state.js";

const MOST = 8;
const starts = (query, ...texts) => texts.some((t) => t?.toLowerCase().split(/[\s.]+/).some((word) => word.startsWith(query)) || t?.toLowerCase().startsWith(query));

const KINDS = [
  {
    at: /^(\/[\w-]*)$/,
    find: (q) => commands().filter((c) => c.command.startsWith(q)).sort((a, b) => a.command.localeCompare(b.command)).map((c) => ({
      insert: `${c.command} `, label: c.command, hint: c.usage_hint, detail: c.description, picture: avatar({ id: c.app.app_id, name: c.app.name, app: true }, "s"), aside: c.app.name,
    })),
    most: 30,
  },
  {
    at: /(?:^|[\s(])(@[\p{L}\p{N}._-]*)$/u,
    find: (q) => [
      ...(workspace()?.users ?? []).filter((u) => !u.deleted && starts(q.slice(1), nameOf(u), u.real_name, u.name)).map((u) => ({ insert: `@${nameOf(u)} `, label: nameOf(u), detail: titleOf(u) || `@${u.name}`, picture: faceOf(u, "s") })),
      ...[["here", "Notify everyone online in this channel"], ["channel", "Notify everyone in this channel"]].filter(([n]) => n.startsWith(q.slice(1))).map(([n, detail]) => ({ insert: `@${n} `, label: `@${n}`, detail, picture: h("span.combo-sign", {}, icon("people")) })),
    ],
  },
  {
    at: /(?:^|[\s(])(#[\p{L}\p{N}_-]*)$/u,
    find: (q) => channelsSorted().filter((c) => !isDirect(c) && !c.is_archived && c.name.includes(q.slice(1))).map((c) => ({ insert: `#${c.name} `, label: c.name, detail: preview(c.topic), picture: h("span.combo-sign", {}, icon(c.is_private ? "lock" : "hash")) })),
  },
  {
    at: /(?:^|[\s(])(:[a-z0-9_+-]{2,})$/,
    find: (q) => findEmoji(q, MOST).map((name) => ({ insert: `:${name}: `, label: `:${name}:`, picture: h("span.emoji", {}, emoji(name)) })),
  },
];

/** Wires completion to `area`; the list stands in the answered box. */
export function completion(area) {
  const id = freshId("complete");
  const list = h("div.complete", { id, role: "listbox", "aria-label": "Suggestions", hidden: true });
  let found = [];
  let active = 0;
  let typed = "";

  function look() {
    const before = area.value.slice(0, area.selectionStart);
    for (const kind of KINDS) {
      const match = before.match(kind.at);
      if (!match) continue;
      typed = match[1];
      found = kind.find(typed.toLowerCase()).slice(0, kind.most ?? MOST);
      if (found.length) return show();
    }
    return hide();
  }

  function show() {
    list.replaceChildren(...found.map((one, n) => h("div.complete-option", {
      id: `${id}-${n}`, role: "option", "aria-selected": "false", onpointerdown: (e) => e.preventDefault(), onclick: () => take(n),
    }, one.picture, h("span.complete-text", {}, h("span", {}, h("strong", {}, one.label), one.hint ? h("span.complete-hint", {}, one.hint) : null), one.detail ? h("small", {}, one.detail) : null), one.aside ? h("span.complete-app", {}, one.aside) : null)));
    list.hidden = false;
    area.setAttribute("aria-controls", id);
    mark(0);
  }

  function hide() {
    found = [];
    list.hidden = true;
    area.removeAttribute("aria-controls");
    area.removeAttribute("aria-activedescendant");
  }

  function mark(n) {
    active = n;
    [...list.children].forEach((row, i) => {
      row.setAttribute("aria-selected", String(i === n));
      row.classList.toggle("active", i === n);
      if (i === n) row.scrollIntoView({ block: "nearest" });
    });
    area.setAttribute("aria-activedescendant", `${id}-${n}`);
  }

  function take(n) {
    const end = area.selectionStart;
    area.setRangeText(found[n].insert, end - typed.length, end, "end");
    hide();
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  area.addEventListener("input", look);
  area.addEventListener("blur", hide);
  /** True when the key was for the list. */
  function key(event) {
    if (list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) mark((active + step + found.length) % found.length);
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && found[active].insert.trim() !== typed)) take(active);
    else if (event.key === "Escape") hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
  return { list, key, hide };
}

/** The command being typed, once its name is complete. */
export const commandIn = (text) => commands().find((c) => text === c.command || text.startsWith(`${c.command} `));
