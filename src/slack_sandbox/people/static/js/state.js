// What this window knows: who one is, where one is, what was read from the sandbox. Others subscribe to topics.

export const state = {
  workspaces: [],
  me: null, // user id of the person acted as
  place: null, // {channel} or {home: app_id}
  thread: null, // ts of the thread shown at the right
  focus: null, // ts of a message to scroll to once
  channels: new Map(),
  messages: new Map(), // channel id -> messages in time order
  earlier: new Map(), // channel id -> whether there are messages before those read
  homes: new Map(), // app id -> home view
  firstUnread: new Map(), // channel id -> ts after which "New" is shown
  online: true,
};

const listeners = new Map();

export function on(topic, listener) {
  listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
}

export function emit(topic, how) {
  for (const listener of listeners.get(topic) ?? []) listener(how);
}

export const workspace = () => state.workspaces.find((w) => w.users.some((u) => u.id === state.me)) ?? state.workspaces[0];
export const userOf = (id) => state.workspaces.flatMap((w) => w.users).find((u) => u.id === id);
export const appOf = (id) => state.workspaces.flatMap((w) => w.apps).find((a) => [a.app_id, a.bot_user_id, a.bot_id].includes(id));
export const channel = () => state.channels.get(state.place?.channel);
export const channelsSorted = () => [...state.channels.values()].sort((a, b) => (a.name ?? "").localeCompare(b.name ?? ""));

/** Kept in this browser only: theme, dismissed messages, last place of each person. */
export const memory = {
  read(key, otherwise = null) {
    try {
      return JSON.parse(localStorage.getItem(`sandbox:${key}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  write(key, value) {
    try {
      localStorage.setItem(`sandbox:${key}`, JSON.stringify(value));
    } catch {
      // Storage can be off or full; then the setting lasts as long as the window.
    }
  },
};
