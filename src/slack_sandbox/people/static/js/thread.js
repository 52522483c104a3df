// The right column: one thread.

import { as } from "./api.js";
import { seenIn } from "./channel.js";
import { composer } from "./composer.js";
import { readMessages } from "./data.js";
import { h, iconButton, replace } from "./dom.js";
import { arrowKeys, fill, rowsOf, scroller, threadOf } from "./messages.js";
import { channelName, isDirect } from "./people.js";
import { go } from "./route.js";
import { channel as current, state } from "./state.js";

const pane = document.getElementById("thread");
let open = null;

export function drawThread() {
  const channel = current();
  const ts = channel && state.thread;
  pane.hidden = !ts;
  document.getElementById("columns").classList.toggle("with-thread", Boolean(ts));
  if (!ts) {
    open = null;
    replace(pane);
    return;
  }
  const key = `${state.me} ${channel.id} ${ts}`;
  if (open?.key !== key) buildThread(channel, ts, key);
  const all = threadOf(seenIn(channel.id), ts);
  const replies = all.filter((m) => m.ts !== ts && !m.ephemeral).length;
  fill(open.list, rowsOf(all, { channel, inThread: true }));
  const first = open.list.firstElementChild;
  open.count.textContent = replies ? `${replies} ${replies === 1 ? "reply" : "replies"}` : "No replies yet";
  open.list.classList.toggle("has-replies", replies > 0);
  if (first) first.dataset.count = open.count.textContent;
  open.scroll.settle();
}

function buildThread(channel, ts, key) {
  const list = h("div.messages", { role: "log", "aria-label": "Thread" });
  const scroll = scroller(list);
  const count = h("p.visually-hidden");
  arrowKeys(list);
  const shut = () => go({ channel: channel.id });
  const also = h("input", { type: "checkbox" });
  const alsoLabel = isDirect(channel) ? channelName(channel) : `#${channel.name}`;
  const writer = composer({
    channel, thread: ts, label: "Reply", placeholder: "Reply…", onescape: shut, foot: h("label.also", {}, also, `Also send to ${alsoLabel}`),
    onsend: async (text) => {
      scroll.toEnd();
      await as(state.me, "messages", { channel: channel.id, text, thread_ts: ts, reply_broadcast: also.checked });
      also.checked = false;
      await readMessages(channel.id);
    },
  });
  open = { key, list, scroll, count };
  const foot = channel.is_member === false || channel.is_archived ? null : h("div.channel-foot", {}, writer.box);
  replace(pane, h("header.channel-head", {}, h("div.channel-names", {}, h("h2.channel-title", {}, "Thread"), h("p.topic", {}, alsoLabel)), iconButton("close", "Close thread", shut)), count, scroll.box, foot);
  writer.area.focus();
}
