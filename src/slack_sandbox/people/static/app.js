// Starts the page: reads where one is, follows the stream, and draws what changed.

import { post } from "./js/api.js";
import { drawChannel, drawMessages } from "./js/channel.js";
import { followStream, markRead, readChannels, readMessages, readWorkspaces } from "./js/data.js";
import { openCard } from "./js/direct.js";
import { h, icon, replace } from "./js/dom.js";
import { drawHome } from "./js/home.js";
import { openJump } from "./js/jump.js";
import { resume } from "./js/modal.js";
import { actable, channelName, nameOf } from "./js/people.js";
import { notice } from "./js/popover.js";
import { becomes, go, readAddress } from "./js/route.js";
import { drawSidebar } from "./js/sidebar.js";
import { appOf, channel, channelsSorted, memory, on, state, userOf, workspace } from "./js/state.js";
import { applyTheme } from "./js/theme.js";
import { drawThread } from "./js/thread.js";
import { drawTopbar } from "./js/topbar.js";

const LOOK_AGAIN = 2000;

function drawTitle() {
  const where = state.place?.home ? appOf(state.place.home)?.name : channel() ? channelName(channel()) : workspace()?.name;
  const news = [...state.channels.values()].some((c) => c.mentions || (c.kind === "im" && c.unread)) ? "• " : "";
  document.title = `${news}${[where, userOf(state.me) && nameOf(userOf(state.me)), "Slack sandbox"].filter(Boolean).join(" | ")}`;
}

function drawPlace() {
  if (state.place?.home) drawHome();
  else drawChannel();
  drawThread();
  drawSidebar();
  drawTitle();
}

/** The place asked for if this person can see it, else where they last were, else the first channel. */
function somewhere(wanted) {
  const seen = (place) => (place?.home ? workspace()?.apps.some((a) => a.app_id === place.home) : place && state.channels.has(place.channel));
  const first = channelsSorted().find((c) => c.is_member && c.kind === "public" && !c.is_archived) ?? channelsSorted().find((c) => c.is_member);
  return [wanted, memory.read(`place:${state.me}`), first && { channel: first.id }].find(seen) ?? null;
}

async function enter({ thread = null, focus = null, place = state.place, push = false } = {}) {
  state.channels = new Map();
  state.messages.clear();
  state.homes.clear();
  state.place = null;
  state.thread = null;
  await readChannels();
  drawTopbar();
  followStream();
  const to = somewhere(place);
  if (to) go({ ...to, thread: to.channel === place?.channel ? thread : null, focus }, { push });
  else replace(document.getElementById("main"), nobodyHere());
  await resume();
}

const nobodyHere = () => h("div.empty", {}, icon("hash"), h("h1", {}, "No channel yet"), h("p", {}, "Create or join one with + beside Channels."));

on("person", (how) => enter(how).catch(complain));
on("workspaces", () => {
  if (state.me && !userOf(state.me)) {
    location.assign("/");
    return;
  }
  drawTopbar();
  if (state.place?.home && !appOf(state.place.home)) {
    const to = somewhere(null);
    if (to) go(to, { push: false });
    return;
  }
  if (state.channels.size) drawPlace();
});
on("channels", () => {
  if (state.place?.channel && !state.channels.has(state.place.channel)) {
    const to = somewhere(null);
    if (to) go(to, { push: false });
    return;
  }
  drawPlace();
});
on("messages", () => {
  drawMessages();
  drawThread();
});
on("home", drawPlace);
on("online", drawTopbar);
on("place", () => {
  drawPlace();
  if (state.place?.channel) readMessages(state.place.channel).catch(complain);
});

const complain = (failure) => notice(failure.message, "error");

window.addEventListener("popstate", () => {
  const { me, place, thread } = readAddress();
  if (me && me !== state.me && userOf(me)) becomes(me, { place, thread });
  else if (place) {
    state.place = place;
    state.thread = thread;
    drawPlace();
    if (place.channel) readMessages(place.channel).catch(complain);
  }
});

document.addEventListener("visibilitychange", () => state.place?.channel && markRead(state.place.channel));

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    openJump();
  } else if (event.key === "Escape" && !event.defaultPrevented && state.thread && !document.querySelector("dialog[open]")) go({ channel: state.place.channel });
});

document.addEventListener("click", (event) => {
  const person = event.target.closest("[data-user]");
  if (person?.dataset.user) openCard(person, person.dataset.user);
  const inside = event.target.closest("a[data-channel]");
  if (!inside || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  inside.closest("dialog")?.close();
  go({ channel: inside.dataset.channel, focus: inside.dataset.ts || null });
});

/** Shown while there is nobody to act as. */
function welcome() {
  const make = async () => {
    await post("/sandbox/workspaces", SAMPLE).catch(complain);
    location.reload();
  };
  replace(document.getElementById("main"), h("div.empty", {}, icon("people"), h("h1", {}, "No workspace yet"),
    h("p", {}, "Make one with ", h("code", {}, "POST /sandbox/workspaces"), " (see ", h("a.link", { href: "/sandbox/docs" }, "the API's pages"), "), or start with a small one."),
    h("button.button.primary", { type: "button", onclick: make }, "Create a sample workspace")));
}

const SAMPLE = {
  team: { name: "Acme", domain: "acme" },
  users: [
    { name: "ada", real_name: "Ada Lovelace", email: "ada@acme.test", tz: "Europe/London", profile: { title: "Incident commander" } },
    { name: "grace", real_name: "Grace Hopper", email: "grace@acme.test", tz: "America/New_York", profile: { title: "Site reliability engineer" } },
    { name: "yuki", real_name: "Yuki Tanaka", email: "yuki@acme.test", tz: "Asia/Tokyo", profile: { title: "Support lead" } },
  ],
  channels: [{ name: "general", members: ["ada", "grace", "yuki"] }, { name: "random", members: ["ada", "grace"] }],
};

async function start() {
  applyTheme();
  await readWorkspaces();
  const asked = readAddress();
  const people = state.workspaces.flatMap(actable);
  const me = [asked.me, memory.read("me"), people[0]?.id].find((id) => id && userOf(id) && people.some((u) => u.id === id));
  drawTopbar();
  if (!me) {
    welcome();
    setTimeout(() => start().catch(complain), LOOK_AGAIN);
    return;
  }
  state.me = me;
  memory.write("me", me);
  await enter(asked);
}

start().catch(complain);
setInterval(drawTopbarQuietly, 30000);

/** Keeps the local times right, but not while a menu of the bar is open. */
function drawTopbarQuietly() {
  const bar = document.getElementById("topbar");
  if (!bar.contains(document.activeElement) && !bar.querySelector('[aria-expanded="true"]')) drawTopbar();
}
