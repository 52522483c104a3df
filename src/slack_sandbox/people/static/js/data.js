// Reading from the sandbox into the state, and reading again what the stream says has changed.

import { as, follow, get } from "./api.js";
import { recheck } from "./modal.js";
import { notice } from "./popover.js";
import { emit, state } from "./state.js";

export async function readWorkspaces() {
  const { workspaces } = await get("/sandbox/workspaces");
  const text = JSON.stringify(workspaces);
  if (text === state.peopleText) return;
  state.peopleText = text;
  state.peopleVersion = (state.peopleVersion ?? 0) + 1;
  state.workspaces = workspaces;
  emit("workspaces");
}

export async function readChannels() {
  const me = state.me;
  if (!me) return;
  const { channels } = await get(`/sandbox/channels?as=${me}`);
  if (me !== state.me) return;
  state.channels = new Map(channels.map((c) => [c.id, c]));
  emit("channels");
}

export async function readMessages(id) {
  const me = state.me;
  if (!me || !state.channels.has(id)) return;
  const limit = reach.get(id) ?? PAGE;
  const from = `/sandbox/channels/${id}/messages?as=${me}`;
  let { messages } = await get(`${from}&limit=${limit}`);
  const early = messages.length >= limit && state.thread && id === state.place?.channel ? (await get(`${from}&thread=${state.thread}`)).messages : [];
  if (me !== state.me) return;
  state.earlier.set(id, messages.length >= limit);
  if (early.length) messages = [...early.filter((m) => !messages.some((known) => known.ts === m.ts)), ...messages];
  state.messages.set(id, messages);
  emit("messages");
}

const PAGE = 300;
const reach = new Map(); // channel id -> how many messages back one has asked for

export function readEarlier(id) {
  reach.set(id, (reach.get(id) ?? PAGE) + PAGE);
  return readMessages(id);
}

/** Opening an app's home tells the app, which may then publish. */
export async function openHome(app) {
  const { view } = await as(state.me, "home", { app });
  state.homes.set(app, view);
  emit("home");
}

async function readHome(app) {
  state.homes.set(app, await get(`/sandbox/users/${state.me}/home?app=${app}`));
  emit("home");
}

export function markRead(id) {
  const channel = state.channels.get(id);
  if (!channel?.unread || !channel.is_member || document.visibilityState !== "visible") return;
  channel.unread = 0;
  channel.mentions = 0;
  as(state.me, "mark", { channel: id }).catch((failure) => notice(failure.message, "error"));
  emit("channels");
}

const TRY_AGAIN = 500;

/** Runs `read` soon, one at a time for each id, and once more when it was asked for meanwhile. */
function gathered(read) {
  const waiting = new Map(); // id -> whether to read again afterwards
  async function run(id) {
    let lost = false;
    try {
      await read(id);
    } catch (failure) {
      lost = !failure.status; // the line is down though the stream may still stand: what was told must not be forgotten
      if (failure.status && failure.status !== 404) notice(failure.message, "error");
    }
    const again = waiting.get(id);
    waiting.delete(id);
    if (lost) setTimeout(soon, TRY_AGAIN, id);
    else if (again) soon(id);
  }
  function soon(id = "") {
    if (waiting.has(id)) waiting.set(id, true);
    else {
      waiting.set(id, false);
      setTimeout(run, 10, id);
    }
  }
  return soon;
}

const channelsSoon = gathered(readChannels);
const messagesSoon = gathered(readMessages);
const channelSoon = gathered(async (id) => {
  await readChannels(); // it may be gone
  if (id && id === state.place?.channel) await readMessages(id);
});
const workspacesSoon = gathered(readWorkspaces);
const homeSoon = gathered(readHome);

function changed(event) {
  const shownHere = event.channel && event.channel === state.place?.channel;
  if (event.type === "message") {
    if (shownHere) messagesSoon(event.channel);
    else state.messages.delete(event.channel);
    channelsSoon();
  } else if (event.type === "channel") {
    channelSoon(event.channel);
  } else if (event.type === "view") recheck().catch(() => {});
  else if (event.type === "home") homeSoon(event.app);
  else if (event.type === "reset") location.reload();
  else if (event.type === "user" || event.type === "app") workspacesSoon();
}

let stop = () => {};

/** Follow the stream as the person acted as; after a break everything is read again. */
export function followStream() {
  stop();
  stop = follow(state.me, {
    onEvent: changed,
    onUp: (again) => {
      state.online = true;
      emit("online");
      if (!again) return;
      workspacesSoon();
      channelsSoon();
      if (state.place?.channel) messagesSoon(state.place.channel);
    },
    onDown: () => {
      state.online = false;
      emit("online");
      workspacesSoon(); // a sandbox that was reset no longer knows this person
    },
  });
}
