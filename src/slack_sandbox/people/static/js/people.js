// Names, pictures and presence of people and apps.

import { h } from "./dom.js";
import { appOf, state, userOf } from "./state.js";

export function nameOf(user) {
  return appOf(user?.id)?.name || user?.profile?.display_name || user?.real_name || user?.profile?.real_name || user?.name || "Someone";
}

export const titleOf = (user) => user?.profile?.title ?? "";
export const isApp = (user) => Boolean(user?.is_bot || appOf(user?.id));

/** People one can act as: neither apps nor deactivated accounts. */
export const actable = (workspace) => (workspace?.users ?? []).filter((u) => !isApp(u) && !u.deleted && u.id !== "USLACKBOT");

const TONES = 10;

/** People and apps of one workspace get different colours as far as the palette goes. */
function toneOf(id, name) {
  for (const { users } of state.workspaces) {
    const at = users.findIndex((u) => u.id === (appOf(id)?.bot_user_id ?? id));
    if (at >= 0) return at % TONES;
  }
  return [...name].reduce((sum, char) => sum + char.codePointAt(0), 0) % TONES;
}

function initials(name) {
  const words = name.replace(/[^\p{L}\p{N} ]/gu, " ").trim().split(/\s+/);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

/** A person's picture; only pictures kept on this computer are loaded, others get initials. */
export function avatar({ id, name, image, app = false }, size = "m") {
  const box = h(`span.avatar.avatar-${size}.tone-${toneOf(id, name)}${app ? ".is-app" : ""}`, { "aria-hidden": "true" }, initials(name));
  if (image && /^(data:|\/)/.test(image)) box.append(h("img", { src: image, alt: "", onerror: (e) => e.target.remove() }));
  return box;
}

export function faceOf(user, size) {
  const image = user?.profile?.image_72 ?? user?.profile?.image ?? user?.profile?.image_48 ?? user?.profile?.image_192;
  return avatar({ id: user?.id, name: nameOf(user), image, app: isApp(user) }, size);
}

/** Who wrote a message: id to group by, name, picture, whether it is an app. */
export function authorOf(message) {
  const user = userOf(message.user);
  const app = appOf(message.app_id) ?? appOf(message.bot_id) ?? appOf(message.user);
  if (message.bot_id || app || isApp(user)) {
    const name = message.username || message.bot_profile?.name || app?.name || nameOf(user);
    const id = message.bot_id ?? app?.app_id ?? message.user;
    return { id: id + name, name, user, app: app ?? {}, isApp: true, emoji: message.icons?.emoji };
  }
  return { id: message.user, name: user ? nameOf(user) : message.username ?? "Slackbot", user, isApp: false };
}

export function directName(channel) {
  const others = (channel.members ?? []).filter((id) => id !== state.me);
  const ids = others.length ? others : [channel.user ?? state.me];
  return ids.map((id) => nameOf(userOf(id))).join(", ") + (others.length || (channel.user && channel.user !== state.me) ? "" : " (you)");
}

export const directPeer = (channel) => userOf((channel.members ?? []).find((id) => id !== state.me) ?? channel.user ?? state.me);
export const isDirect = (channel) => channel.kind === "im" || channel.kind === "mpim";
export const channelName = (channel) => (isDirect(channel) ? directName(channel) : channel.name);
