// Where this window is, in its address: ?as=U…&c=C…&thread=ts, or &app=A…; two windows can be two people.

import { emit, memory, state } from "./state.js";

export function readAddress() {
  const query = new URLSearchParams(location.search);
  const app = query.get("app");
  const channel = query.get("c");
  return { me: query.get("as"), place: app ? { home: app } : channel ? { channel } : null, thread: query.get("thread"), focus: query.get("m") };
}

export function addressOf({ me = state.me, channel, home, thread } = {}) {
  const query = new URLSearchParams({ as: me });
  if (home) query.set("app", home);
  if (channel) query.set("c", channel);
  if (thread) query.set("thread", thread);
  return `/?${query}`;
}

function write({ push = true } = {}) {
  const address = addressOf({ ...state.place, thread: state.thread });
  if (address !== location.pathname + location.search) history[push ? "pushState" : "replaceState"](null, "", address);
  memory.write(`place:${state.me}`, state.place);
}

/** Go to {channel, thread?, focus?} or {home}; a place without thread closes the thread. */
export function go({ channel, home, thread = null, focus = null }, options) {
  state.place = home ? { home } : { channel };
  state.thread = thread;
  state.focus = focus;
  write(options);
  emit("place");
}

/** Act as somebody else; `how` is what enter() in app.js takes. */
export function becomes(me, how = { push: true }) {
  if (me === state.me) return;
  memory.write("me", me);
  state.me = me;
  emit("person", how);
}
