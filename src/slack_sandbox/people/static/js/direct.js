// Direct messages: opening one with a person or an app, and the small card about a person.

import { deactivate, editProfile, iAmAdmin } from "./admin.js";
import { as } from "./api.js";
import { readChannels } from "./data.js";
import { h, icon } from "./dom.js";
import { faceOf, isApp, nameOf, titleOf } from "./people.js";
import { notice, openPanel } from "./popover.js";
import { becomes, go } from "./route.js";
import { appOf, state, userOf } from "./state.js";
import { localTime } from "./time.js";

export async function openDirect(with_) {
  try {
    const row = await as(state.me, "dms", { with: with_ });
    if (!state.channels.has(row.id)) await readChannels();
    go({ channel: row.id });
  } catch (failure) {
    notice(failure.message, "error");
  }
}

const admin = (user, act) => (iAmAdmin() ? [act(user.deleted ? "Reactivate" : "Deactivate", () => deactivate(user))] : []);

export function openCard(anchor, userId) {
  const user = userOf(userId);
  if (!user) return;
  const app = appOf(userId);
  const line = (sign, text) => (text ? h("p.card-line", {}, icon(sign), text) : null);
  const then = (run) => () => (close(), run());
  const act = (text, run, style = "") => h(`button.button.small${style}`, { type: "button", onclick: then(run) }, text);
  const buttons = app
    ? [act("Open app", () => go({ home: app.app_id }), ".primary"), act("Message", () => openDirect(userId))]
    : user.id === state.me ? [act("Edit profile", () => editProfile(user))] : user.deleted ? admin(user, act) : [act("Message", () => openDirect(userId), ".primary"), act(`Act as ${nameOf(user).split(" ")[0]}`, () => becomes(userId)), ...admin(user, act)];
  const close = openPanel(anchor, h("div.person-card", {},
    h("div.person-card-head", {}, faceOf(user, "l"), h("div", {}, h("strong", {}, nameOf(user), isApp(user) ? h("span.badge", {}, "App") : null), h("small", {}, titleOf(user) || (app?.description ?? `@${user.name}`)))),
    user.deleted ? line("archive", "Deactivated account") : null, user.is_restricted ? line("info", "Guest") : null,
    isApp(user) ? null : line("at", user.email ?? user.name), isApp(user) ? null : line("half", `${localTime(user)} local time`),
    user.profile?.status_text ? line("smile", user.profile.status_text) : null, buttons.length ? h("div.person-card-foot", {}, buttons) : null), { label: nameOf(user) });
}
