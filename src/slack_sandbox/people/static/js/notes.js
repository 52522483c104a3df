// What Slack itself tells one person in a channel ("… is not a valid command"): lives in this window only.

import { emit, state } from "./state.js";

const notes = new Map(); // channel id -> notes

export const notesIn = (channelId) => (notes.get(channelId) ?? []).filter((n) => n.to === state.me);

export function addNote(channel, text, thread_ts) {
  const last = Math.max(0, ...[...(state.messages.get(channel.id) ?? []), ...notesIn(channel.id)].map((m) => Number(m.ts)));
  const ts = Math.max(Date.now() / 1000, last + 0.000002).toFixed(6);
  const note = { ts, text, thread_ts, to: state.me, user: "USLACKBOT", username: "Slackbot", ephemeral: true, local: true };
  notes.set(channel.id, [...(notes.get(channel.id) ?? []), note]);
  emit("messages");
}

export function forgetNote(channel, note) {
  notes.set(channel.id, (notes.get(channel.id) ?? []).filter((n) => n !== note));
  emit("messages");
}
