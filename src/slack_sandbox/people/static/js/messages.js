// A list of messages: grouped by author, divided by days, with a mark where the unread ones begin.

import { h, keyed } from "./dom.js";
import { drawMessage, editing, isSystem } from "./message.js";
import { authorOf } from "./people.js";
import { state } from "./state.js";
import { dateOf, dayKey, dayName } from "./time.js";

const SAME_GROUP = 300; // seconds

export const isReply = (m) => m.thread_ts && m.thread_ts !== m.ts;

/** What the channel shows: everything but replies, and replies also sent to the channel. */
export const topLevel = (messages) => messages.filter((m) => !isReply(m) || m.subtype === "thread_broadcast");
export const threadOf = (messages, ts) => messages.filter((m) => m.ts === ts || m.thread_ts === ts);

function follows(before, message) {
  return before && !isSystem(before) && !isSystem(message) && !before.ephemeral && !message.ephemeral && !message.pinned_to
    && authorOf(before).id === authorOf(message).id && message.ts - before.ts < SAME_GROUP;
}

export function rowsOf(messages, { channel, all = [], inThread = false, newAfter = null }) {
  const replies = new Map();
  for (const m of all) if (isReply(m) && !m.ephemeral) replies.set(m.thread_ts, [...(replies.get(m.thread_ts) ?? []), m]);
  const rows = [];
  let before = null;
  let day = null;
  let marked = newAfter === null;
  for (const message of messages) {
    const today = dayKey(dateOf(message.ts));
    const isNew = !marked && Number(message.ts) > Number(newAfter) && message.user !== state.me;
    if (today !== day && !inThread) rows.push({ kind: "day", id: `day ${today}`, text: dayName(dateOf(message.ts)) });
    if (isNew) rows.push({ kind: "new", id: "new" });
    marked ||= isNew;
    const compact = Boolean(today === day && !isNew && follows(before, message));
    rows.push({ kind: "message", id: message.ts, message, channel, compact, inThread, replies: inThread ? null : replies.get(message.ts) ?? null });
    before = message;
    day = today;
  }
  return rows;
}

const DRAW = {
  day: (row) => h("div.day", {}, h("span", {}, row.text)),
  new: () => h("div.new-mark", {}, h("span", {}, "New")),
  message: drawMessage,
};

const signature = (row) => JSON.stringify([row.text, row.message, row.compact, row.replies?.map((r) => [r.ts, r.user]), state.me, state.peopleVersion, editing.ts === row.id]);

export function fill(list, rows) {
  keyed(list, rows, { key: (row) => row.id, signature, draw: (row) => DRAW[row.kind](row) });
}

const NEAR_END = 80;

/** A scrolling box that stays at its end while the reader is there. */
export function scroller(list, ...around) {
  const box = h("div.scroller", { tabindex: "-1" }, around, list);
  let atEnd = true;
  box.addEventListener("scroll", () => (atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END), { passive: true });
  const settle = () => {
    if (atEnd) box.scrollTop = box.scrollHeight;
  };
  new ResizeObserver(settle).observe(list);
  new ResizeObserver(settle).observe(box);
  return { box, settle, toEnd: () => ((atEnd = true), settle()), release: () => (atEnd = false) };
}

/** Arrow keys move from message to message. */
export function arrowKeys(list) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches("article.message")) return;
    const all = [...list.querySelectorAll("article.message")];
    const next = all[all.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
