// The middle column when a channel or a direct message is open: header, bookmarks, messages, composer.

import { appMenu } from "./admin.js";
import { as, get } from "./api.js";
import { channelDetails, joinChannel, unarchive } from "./channelforms.js";
import { composer } from "./composer.js";
import { markRead, readEarlier, readMessages } from "./data.js";
import { h, icon, replace } from "./dom.js";
import { markdown } from "./markdown.js";
import { startEditing } from "./message.js";
import { arrowKeys, fill, isReply, rowsOf, scroller, topLevel } from "./messages.js";
import { link, mrkdwn, preview } from "./mrkdwn.js";
import { notesIn } from "./notes.js";
import { authorOf, channelName, directPeer, faceOf, isApp, isDirect, titleOf } from "./people.js";
import { openPanel } from "./popover.js";
import { go } from "./route.js";
import { appOf, channel as current, state, userOf } from "./state.js";
import { dateOf, full, localTime } from "./time.js";

const main = document.getElementById("main");
let parts = null; // what is on the page for one channel and person

/** Everything one may see there, with Slack's own notes to this person. */
export const seenIn = (id) => {
  const all = [...(state.messages.get(id) ?? []), ...notesIn(id)];
  return all.sort((a, b) => Number(a.ts) - Number(b.ts));
};

export function drawChannel() {
  const channel = current();
  if (!channel) return;
  const key = `${state.me} ${channel.id}`;
  if (parts?.key !== key || !parts.frame.isConnected) build(channel, key);
  update(channel);
}

function build(channel, key) {
  const list = h("div.messages", { role: "log", "aria-label": `Messages in ${channelName(channel)}`, "aria-live": "off" });
  const intro = h("div");
  const scroll = scroller(list, intro);
  arrowKeys(list);
  const newAfter = channel.unread ? channel.last_read ?? "0" : null;
  parts = { key, list, intro, scroll, newAfter, head: h("header.channel-head"), bar: h("div.bookmarks"), foot: h("div.channel-foot"), footKind: null, tab: "messages", loaded: false };
  parts.frame = h("div.channel", {}, parts.head, parts.bar, scroll.box, parts.foot);
  replace(main, parts.frame);
}

function update(channel) {
  drawHead(channel);
  drawBookmarks(channel);
  drawFoot(channel);
  drawMessages();
}

export function drawMessages() {
  const channel = current();
  if (!channel || !parts || !state.messages.has(channel.id)) return;
  const all = seenIn(channel.id);
  if (channel.unread && document.visibilityState === "hidden") parts.newAfter = channel.last_read ?? "0";
  replace(parts.intro, intro(channel));
  fill(parts.list, rowsOf(topLevel(all), { channel, all, newAfter: parts.newAfter }));
  if (!parts.loaded) first();
  else parts.scroll.settle();
  if (state.focus) show(state.focus);
  markRead(channel.id);
}

function first() {
  parts.loaded = true;
  parts.list.setAttribute("aria-live", "polite");
  const mark = parts.list.querySelector(".new-mark");
  parts.scroll.toEnd();
  if (!mark || mark.offsetTop > parts.scroll.box.scrollTop) return;
  parts.scroll.release();
  mark.scrollIntoView({ block: "start" });
}

function show(ts) {
  const node = parts.list.querySelector(`[data-ts="${ts}"]`);
  state.focus = null;
  if (!node) {
    const reply = seenIn(state.place.channel).find((m) => m.ts === ts && isReply(m));
    if (reply && state.thread !== reply.thread_ts) go({ channel: state.place.channel, thread: reply.thread_ts });
    return;
  }
  parts.scroll.release();
  node.scrollIntoView({ block: "center" });
  node.classList.add("flash");
  node.focus({ preventScroll: true });
}

async function earlier(channel) {
  const { box } = parts.scroll;
  const fromEnd = box.scrollHeight - box.scrollTop;
  parts.scroll.release();
  await readEarlier(channel.id);
  box.scrollTop = box.scrollHeight - fromEnd;
}

function intro(channel) {
  if (state.earlier.get(channel.id)) {
    return h("div.earlier", {}, h("button.button.small", { type: "button", onclick: () => earlier(channel) }, "Show earlier messages"));
  }
  if (isDirect(channel)) {
    const peer = directPeer(channel);
    return h("div.intro", {}, faceOf(peer, "xl"), h("h2", {}, channelName(channel)), h("p", {}, "This is the very beginning of your direct message history."));
  }
  return h("div.intro", {}, h("span.intro-sign", {}, icon(channel.is_private ? "lock" : "hash")), h("h2", {}, channel.name),
    h("p", {}, channel.purpose ? preview(channel.purpose) : `This is the very beginning of the ${channel.is_private ? "private " : ""}channel ${channel.name}.`));
}

// -- header --------------------------------------------------------------------------------------------------------

function drawHead(channel) {
  const sign = JSON.stringify([channel.name, channel.topic, channel.members, channel.pins, channel.is_archived, channel.canvas_id, channel.shared_with, state.peopleVersion, parts.tab]);
  if (parts.head.__sign === sign) return;
  parts.head.__sign = sign;
  const peer = isDirect(channel) ? directPeer(channel) : null;
  const shared = channel.shared_with?.length ? h("span.badge", { title: channel.shared_with.join(", ") }, "Shared") : null;
  const title = peer
    ? h("h1.channel-title", {}, faceOf(peer, "s"), channelName(channel), isApp(peer) ? h("span.badge", {}, "App") : null)
    : h("h1.channel-title", {}, h("button.plain", { type: "button", onclick: () => channelDetails(channel), "aria-label": `${channel.name}, details` }, icon(channel.is_private ? "lock" : "hash"), h("span", {}, channel.name), icon("chevron")), shared);
  const sub = peer ? (isApp(peer) ? appOf(peer.id)?.description : [titleOf(peer), `${localTime(peer)} local time`].filter(Boolean).join(" · ")) : null;
  const topic = peer ? h("p.topic", {}, sub) : h("div.topic", { title: preview(channel.topic) }, channel.topic ? mrkdwn(channel.topic) : null);
  const app = peer && appOf(peer.id);
  replace(parts.head, h("div.channel-names", {}, title, topic),
    app ? h("div.tabs", { role: "group", "aria-label": "App" }, h("button.tab", { type: "button", onclick: () => go({ home: app.app_id }) }, "Home"), h("button.tab", { type: "button", "aria-current": "page" }, "Messages")) : null, app ? appMenu(app) : null,
    channel.pins?.length ? h("button.pill", { type: "button", "aria-haspopup": "dialog", "aria-label": `${channel.pins.length} pinned`, title: "Pinned messages", onclick: (e) => openPins(e.currentTarget, channel) }, icon("pin"), String(channel.pins.length)) : null,
    peer ? null : h("button.pill.members", { type: "button", title: "Members", "aria-label": `${channel.members.length} members`, onclick: () => channelDetails(state.channels.get(channel.id)) },
      h("span.faces", {}, channel.members.slice(0, 3).map((id) => faceOf(userOf(id), "xs"))), String(channel.members.length)));
}

function openPins(anchor, channel) {
  const row = (pin) => {
    const message = seenIn(channel.id).find((m) => m.ts === pin.ts);
    const author = message ? authorOf(message) : null;
    return h("button.pin-row", { type: "button", onclick: () => (close(), go({ channel: channel.id, focus: pin.ts })) },
      h("span.pin-head", {}, h("strong", {}, author?.name ?? "Message"), h("small", {}, full(dateOf(pin.ts)))), mrkdwn(pin.text || "(no text)"));
  };
  const close = openPanel(anchor, h("div.pins", {}, h("p.panel-title", {}, "Pinned messages"), channel.pins.map(row)), { label: "Pinned messages", side: "end" });
}

function drawBookmarks(channel) {
  const marks = channel.bookmarks ?? [];
  parts.bar.hidden = !marks.length && !channel.canvas_id;
  const sign = JSON.stringify([marks, channel.canvas_id]);
  if (parts.bar.__sign === sign) return;
  parts.bar.__sign = sign;
  replace(parts.bar, channel.canvas_id ? h("button.bookmark", { type: "button", onclick: (e) => openCanvas(e.currentTarget, channel.canvas_id), "aria-haspopup": "dialog" }, icon("file"), "Canvas") : null,
    marks.map((b) => {
      const node = link(b.link ?? "", b.emoji ? null : icon("link"), mrkdwn(`${b.emoji ?? ""} ${b.title}`.trim()).textContent);
      node.classList.add("bookmark");
      return node;
    }));
}

async function openCanvas(anchor, id) {
  const canvas = await get(`/sandbox/canvases/${id}`);
  openPanel(anchor, h("article.canvas", {}, canvas.title ? h("h2", {}, canvas.title) : null, markdown(canvas.markdown)), { label: canvas.title || "Canvas" });
}

// -- foot ----------------------------------------------------------------------------------------------------------

function drawFoot(channel) {
  const kind = channel.is_archived ? "archived" : channel.is_member === false ? "join" : "write";
  if (parts.footKind === kind) return;
  parts.footKind = kind;
  const name = isDirect(channel) ? channelName(channel) : `#${channel.name}`;
  if (kind === "archived") {
    replace(parts.foot, h("div.foot-note", {}, icon("archive"), h("span", {}, `${name} is archived. Nobody can write here.`), h("button.button.small", { type: "button", onclick: () => unarchive(channel) }, "Unarchive")));
  } else if (kind === "join") {
    replace(parts.foot, h("div.foot-note", {}, h("span", {}, "You are looking at ", h("strong", {}, name)), h("button.button.primary.small", { type: "button", onclick: () => joinChannel(channel.id) }, "Join channel")));
  } else {
    const { box, area } = composer({
      channel, label: `Message ${name}`, placeholder: `Message ${name}`, onup: editLast,
      onsend: async (text) => {
        parts.newAfter = null;
        parts.scroll.toEnd();
        await as(state.me, "messages", { channel: channel.id, text });
        await readMessages(channel.id);
      },
    });
    replace(parts.foot, box);
    if (!state.thread && !document.querySelector("dialog[open]") && matchMedia("(hover: hover)").matches) area.focus();
  }
}

function editLast() {
  const own = topLevel(state.messages.get(state.place.channel) ?? []).filter((m) => m.user === state.me && !m.bot_id);
  if (own.length) startEditing(own.at(-1).ts);
}
