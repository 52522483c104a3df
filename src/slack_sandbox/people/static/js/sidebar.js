// The left column: channels, direct messages, apps.

import { browseChannels, createChannel } from "./channelforms.js";
import { openDirect } from "./direct.js";
import { h, icon, iconButton, replace } from "./dom.js";
import { actable, avatar, channelName, directPeer, faceOf, isApp, isDirect, nameOf, titleOf } from "./people.js";
import { matches, picker } from "./picker.js";
import { openMenu, openPanel } from "./popover.js";
import { addressOf, go } from "./route.js";
import { channelsSorted, emit, memory, state, workspace } from "./state.js";

const side = document.getElementById("sidebar");
const isHere = (c) => state.place?.channel === c.id;

export function drawSidebar() {
  const focused = side.contains(document.activeElement) ? document.activeElement.dataset.row : null;
  const top = side.querySelector(".sidebar-scroll")?.scrollTop ?? 0;
  const all = channelsSorted().filter((c) => c.is_member !== false || isHere(c));
  const rooms = all.filter((c) => !isDirect(c));
  const archived = rooms.filter((c) => c.is_archived);
  const showArchived = memory.read("archived", false);
  const withApp = (c) => c.kind === "im" && isApp(directPeer(c));
  const talks = all.filter((c) => isDirect(c) && !withApp(c) && (c.latest || isHere(c)));
  const apps = workspace()?.apps ?? [];
  const scroll = h("div.sidebar-scroll", {},
    section("Channels", iconButton("plus", "Add channels", (e) => openMenu(e.currentTarget, [
      { label: "Browse channels", icon: "search", run: browseChannels }, { label: "Create a channel", icon: "plus", run: createChannel },
    ], { label: "Add channels" }), { "aria-haspopup": "menu" }), rooms.filter((c) => !c.is_archived || isHere(c)).map(roomRow)),
    archived.length ? h("button.side-toggle", { type: "button", "aria-expanded": String(showArchived), onclick: () => (memory.write("archived", !showArchived), emit("channels")) }, icon("archive"), `${showArchived ? "Hide" : "Show"} archived (${archived.length})`) : null,
    showArchived ? h("ul", {}, archived.filter((c) => !isHere(c)).map(roomRow)) : null,
    section("Direct messages", iconButton("plus", "New direct message", (e) => newDirect(e.currentTarget), { "aria-haspopup": "dialog" }), talks.map(talkRow)),
    section("Apps", null, apps.map((app) => appRow(app, all.find((c) => withApp(c) && directPeer(c)?.id === app.bot_user_id)))));
  replace(side, scroll);
  scroll.scrollTop = top;
  if (focused) side.querySelector(`[data-row="${focused}"]`)?.focus({ preventScroll: true });
}

const section = (title, button, rows) => h("section.side-section", { "aria-label": title }, h("div.side-head", {}, h("h2", {}, title), button), rows.length ? h("ul", {}, rows) : h("p.side-empty", {}, "Nothing here yet"));

function row(id, here, target, { unread = 0, mentions = 0, count = mentions, dim = false }, ...content) {
  const enter = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    side.classList.remove("open");
    go(target);
  };
  return h("li", {}, h("a.side-row", { class: `${unread && !here ? "unread" : ""} ${dim ? "dim" : ""}`, href: addressOf(target), dataset: { row: id }, "aria-current": here ? "page" : null, onclick: enter },
    content, count && !here ? h("span.count", {}, String(count), h("span.visually-hidden", {}, " new")) : null, unread && !count && !here ? h("span.visually-hidden", {}, " (unread)") : null));
}

const roomRow = (c) => row(c.id, isHere(c), { channel: c.id }, { unread: c.unread, mentions: c.mentions, dim: c.is_archived }, icon(c.is_archived ? "archive" : c.is_private ? "lock" : "hash"), h("span.side-name", {}, c.name), c.is_private ? h("span.visually-hidden", {}, " (private)") : null);
const talkRow = (c) => row(c.id, isHere(c), { channel: c.id }, { unread: c.unread, count: c.unread }, faceOf(directPeer(c), "xs"), h("span.side-name", {}, channelName(c)));

function appRow(app, talk) {
  const here = state.place?.home === app.app_id || (talk && isHere(talk));
  const target = talk && talk.unread ? { channel: talk.id } : { home: app.app_id };
  return row(app.app_id, here, target, { unread: talk?.unread, count: talk?.unread }, avatar({ id: app.app_id, name: app.name, app: true }, "xs"), h("span.side-name", {}, app.name));
}

function newDirect(anchor) {
  const items = (query) => actable(workspace()).filter((u) => matches(query, nameOf(u), u.real_name, u.name)).map((u) => ({ id: u.id, label: nameOf(u) + (u.id === state.me ? " (you)" : ""), detail: titleOf(u), picture: () => faceOf(u, "s") }));
  const { box, input } = picker({ label: "New direct message", placeholder: "Find a person", items, pick: (item) => (close(), openDirect(item.id)) });
  const close = openPanel(anchor, h("div.switcher", {}, box), { label: "New direct message" });
  input.focus();
}
