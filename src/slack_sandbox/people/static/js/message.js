// One message: author, text or blocks, files, reactions, the summary of its thread, and what one can do with it.

import { whereIn } from "./acting.js";
import { as } from "./api.js";
import { attachment, drawBlocks } from "./blocks.js";
import { h, icon, iconButton } from "./dom.js";
import { emoji } from "./emoji.js";
import { openEmojiPicker, recentEmoji } from "./emojipicker.js";
import { runShortcut } from "./commands.js";
import { composer } from "./composer.js";
import { emojiNode, mrkdwn } from "./mrkdwn.js";
import { authorOf, avatar, faceOf, nameOf } from "./people.js";
import { confirm, notice, openMenu } from "./popover.js";
import { go } from "./route.js";
import { forgetNote } from "./notes.js";
import { emit, state, userOf, workspace } from "./state.js";
import { ago, clock, dateOf, full } from "./time.js";
import { unstored } from "./typed.js";
import { formValues } from "./values.js";

const values = new Map(); // what was chosen in a message's elements, by ts
export const editing = { ts: null };

const SYSTEM = /^(channel|group)_(join|leave|topic|purpose|name|archive|unarchive|canvas_updated)$|^(pinned_item|bot_add|bot_remove)$/;
export const isSystem = (message) => SYSTEM.test(message.subtype ?? "");

/** row: {message, channel, compact, replies: [..] or null, inThread} */
export function drawMessage(row) {
  const { message, compact } = row;
  const author = authorOf(message);
  const when = dateOf(message.ts);
  const kinds = [message.ephemeral ? "ephemeral" : "", compact ? "compact" : "", isSystem(message) ? "system" : "", message.pinned_to ? "pinned" : ""];
  const box = h(`article.message`, {
    class: kinds.filter(Boolean).join(" "), tabindex: "0", dataset: { ts: message.ts }, "aria-label": `${author.name}, ${clock(when)}`,
  });
  if (isSystem(message)) return drawSystem(box, row, author);
  const time = h("time.message-time", { datetime: when.toISOString(), title: full(when) }, compact ? clock(when).replace(/ [AP]M$/, "") : clock(when));
  box.append(
    h("div.message-gutter", {}, compact ? time : face(author, message)),
    h("div.message-main", {},
      message.ephemeral ? h("p.only-you", {}, icon("eye"), "Only visible to you") : null,
      message.pinned_to ? h("p.pinned-note", {}, icon("pin"), "Pinned") : null,
      compact ? null : h("header.message-head", {}, who(author, message), author.isApp ? h("span.badge", {}, "App") : null, status(author.user), time),
      editing.ts === message.ts ? editor(row) : body(row),
      reactions(row), threadLine(row),
      message.ephemeral ? h("button.link-button", { type: "button", onclick: () => dismiss(row) }, "Dismiss") : null),
  );
  return armed(box, row);
}

/** Joins, topics and the like take one line. */
function drawSystem(box, row, author) {
  const { message } = row;
  const when = dateOf(message.ts);
  const text = mrkdwn(message.text.replace(new RegExp(`^<@${message.user}(\\|[^>]*)?>:? `), ""));
  text.prepend(who(author, message), " ");
  const picture = author.isApp ? avatar({ id: author.app?.app_id ?? author.id, name: author.name, app: true }, "xs") : faceOf(author.user, "xs");
  box.append(h("div.message-gutter", {}, picture), h("div.message-main", {}, h("div.message-body", {}, text, h("time.message-time", { datetime: when.toISOString(), title: full(when) }, clock(when))), reactions(row), threadLine(row)));
  return armed(box, row);
}

/** The tools appear with the pointer or the focus. */
function armed(box, row) {
  if (!row.message.ephemeral && editing.ts !== row.message.ts) {
    const arm = () => box.querySelector(":scope > .toolbar") ?? box.append(toolbar(row));
    box.addEventListener("pointerenter", arm);
    box.addEventListener("focusin", arm);
  }
  return box;
}

function face(author, message) {
  if (author.emoji) return h("span.avatar.avatar-m.avatar-emoji", { "aria-hidden": "true" }, emoji(author.emoji.replaceAll(":", "")) ?? "✨");
  const picture = author.isApp ? avatar({ id: author.app?.app_id ?? author.id, name: author.name, app: true }) : faceOf(author.user);
  return h("button.face", { type: "button", tabindex: "-1", "aria-label": `About ${author.name}`, dataset: { user: author.user?.id ?? message.user ?? "" } }, picture);
}

const who = (author, message) => h("button.message-author", { type: "button", tabindex: "-1", dataset: { user: author.user?.id ?? message.user ?? "" } }, author.name);

function status(user) {
  const sign = user?.profile?.status_emoji && emoji(user.profile.status_emoji.replaceAll(":", ""));
  return sign ? h("span.status", { role: "img", "aria-label": user.profile.status_text || "status", title: user.profile.status_text }, sign) : null;
}

function body({ message, channel }) {
  const where = whereIn({ channel: channel.id, message_ts: message.ts }, valuesOf(message.ts));
  const box = h("div.message-body");
  const fromApp = message.bot_id || message.app_id;
  if (message.subtype === "tombstone") box.append(h("p.muted", {}, "This message was deleted."));
  else if (message.blocks?.length && (fromApp || hasList(message.blocks))) box.append(drawBlocks(message.blocks, where));
  else if (message.text) box.append(mrkdwn(message.text, { big: true }));
  if (message.edited) (box.querySelector(":scope > .mrkdwn > p:last-child") ?? box).append(h("span.edited", { title: full(dateOf(message.edited.ts)) }, " (edited)"));
  box.append(...(message.attachments ?? []).map((a) => attachment(a, where)), ...(message.files ?? []).map(file));
  return box;
}

/** What a person types is told by its text, but for lists: only the blocks know them. */
const hasList = (blocks) => blocks.some((block) => block.elements?.some((element) => element.type === "rich_text_list"));

function valuesOf(ts) {
  if (!values.has(ts)) values.set(ts, formValues());
  return values.get(ts);
}

function file(f) {
  if (f.mode === "tombstone") return h("p.muted", {}, "This file was deleted.");
  const path = new URL(f.url_private, location.href).pathname;
  if (!f.mimetype?.startsWith("image/")) return download(f, path);
  const failed = (event) => event.target.closest("figure").replaceWith(download(f, path));
  return h("figure.picture", {}, h("figcaption", {}, f.title || f.name), h("a", { href: path, download: f.name, title: `Download ${f.name}` }, h("img", { src: path, alt: f.alt_txt || f.title || f.name, onerror: failed })));
}

const download = (f, path) => h("a.file", { href: path, download: f.name }, icon("file"),
  h("span", {}, h("strong", {}, f.title || f.name), h("small", {}, `${f.pretty_type ?? "File"} · ${size(f.size)}`)));

const size = (bytes) => (bytes < 1024 ? `${bytes} bytes` : bytes < 1048576 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`);

function editor({ message, channel }) {
  const stop = () => {
    editing.ts = null;
    emit("messages");
  };
  return composer({
    channel, label: "Edit message", start: unstored(message.text), onescape: stop,
    buttons: (save) => [h("button.button.small", { type: "button", onclick: stop }, "Cancel"), h("button.button.small.primary", { type: "button", onclick: save }, "Save")],
    onsend: async (text) => {
      await as(state.me, "edits", { channel: channel.id, ts: message.ts, text });
      stop();
    },
  }).box;
}

function reactions({ message, channel }) {
  if (!message.reactions?.length) return null;
  const pills = message.reactions.map((r) => {
    const mine = r.users.includes(state.me);
    const names = r.users.map((id) => (id === state.me ? "You" : nameOf(userOf(id)))).join(", ");
    return h("button.reaction", { type: "button", "aria-pressed": String(mine), title: `${names} reacted with :${r.name}:`, "aria-label": `${r.name.replaceAll("_", " ")}: ${r.count}, ${names}`, onclick: () => react(channel, message, r.name, mine) },
      emoji(r.name) ? h("span.emoji", { "aria-hidden": "true" }, emoji(r.name)) : `:${r.name}:`, h("span", { "aria-hidden": "true" }, String(r.count)));
  });
  const add = h("button.reaction.add", { type: "button", "aria-label": "Add reaction", title: "Add reaction", "aria-haspopup": "dialog", onclick: (e) => openEmojiPicker(e.currentTarget, (name) => react(channel, message, name)) }, icon("smile"));
  return h("div.reactions", {}, pills, message.ephemeral ? null : add);
}

const tried = (promise) => promise.catch((failure) => notice(failure.message, "error"));

function react(channel, message, name, remove = false) {
  return tried(as(state.me, "reactions", { channel: channel.id, ts: message.ts, name, remove }));
}

function threadLine({ message, replies, channel, inThread }) {
  if (inThread) return null;
  if (message.subtype === "thread_broadcast") {
    return h("button.link-button", { type: "button", onclick: () => go({ channel: channel.id, thread: message.thread_ts }) }, "View thread");
  }
  if (!replies?.length) return null;
  const people = [...new Map(replies.map((r) => [authorOf(r).id, authorOf(r)])).values()].slice(0, 4);
  return h("button.thread-line", { type: "button", onclick: () => go({ channel: channel.id, thread: message.ts }) },
    h("span.faces", {}, people.map((a) => (a.isApp ? avatar({ id: a.app?.app_id ?? a.id, name: a.name, app: true }, "xs") : faceOf(a.user, "xs")))),
    h("strong", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`), h("small", {}, `Last reply ${ago(dateOf(replies.at(-1).ts))}`));
}

const dismiss = ({ message, channel }) => (message.local ? forgetNote(channel, message) : tried(as(state.me, "deletions", { channel: channel.id, ts: message.ts })));

function toolbar(row) {
  const { message, channel, inThread } = row;
  const quick = recentEmoji().slice(0, 3).map((name) => h("button.icon-button", { type: "button", title: `React with :${name}:`, "aria-label": `React with ${name.replaceAll("_", " ")}`, onclick: () => react(channel, message, name) }, emojiNode(name)));
  return h("div.toolbar", { role: "toolbar", "aria-label": "Message actions" }, quick,
    iconButton("smile", "Add reaction", (e) => openEmojiPicker(e.currentTarget, (name) => react(channel, message, name)), { "aria-haspopup": "dialog" }),
    inThread ? null : iconButton("reply", "Reply in thread", () => go({ channel: channel.id, thread: message.thread_ts ?? message.ts })),
    iconButton("more", "More actions", (e) => openMenu(e.currentTarget, more(row), { label: "More actions", side: "end" }), { "aria-haspopup": "menu" }));
}

function more({ message, channel }) {
  const own = message.user === state.me && !message.bot_id;
  const pinned = Boolean(message.pinned_to);
  const shortcuts = (workspace()?.apps ?? []).flatMap((app) => app.shortcuts.filter((s) => s.type === "message").map((s) => ({
    label: s.name, detail: app.name, picture: avatar({ id: app.app_id, name: app.name, app: true }, "xs"), run: () => runShortcut(s, { channel: channel.id, ts: message.ts }),
  })));
  const link = `${location.origin}/?c=${channel.id}&m=${message.ts}`;
  return [
    { label: "Copy link", icon: "link", run: () => copy(link) },
    { label: pinned ? "Unpin from channel" : "Pin to channel", icon: "pin", run: () => tried(as(state.me, "pins", { channel: channel.id, ts: message.ts, name: "", remove: pinned })) },
    ...(own ? [
      { label: "Edit message", icon: "edit", run: () => startEditing(message.ts) },
      { label: "Delete message…", icon: "trash", danger: true, run: () => remove(channel, message) },
    ] : []),
    ...(shortcuts.length ? [null, { heading: "Message shortcuts" }, ...shortcuts] : []),
  ];
}

export function startEditing(ts) {
  editing.ts = ts;
  emit("messages");
}

async function remove(channel, message) {
  const preview = h("div.delete-preview", {}, mrkdwn(message.text));
  if (await confirm({ title: "Delete message", text: [h("p", {}, "Delete this message? This cannot be undone."), preview], confirm: "Delete", danger: true })) {
    tried(as(state.me, "deletions", { channel: channel.id, ts: message.ts }));
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    notice("Link copied", "done");
  } catch {
    notice(text);
  }
}
