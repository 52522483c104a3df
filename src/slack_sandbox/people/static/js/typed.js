// Text as a person types it and as Slack stores it, and back.

import { people } from "./commands.js";
import { nameOf } from "./people.js";
import { channelsSorted, state, userOf } from "./state.js";

/** Escaped, with mentions as ids. */
export function stored(text) {
  let out = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  for (const user of people()) out = out.replace(new RegExp(`(^|[\\s(])@${escaped(nameOf(user))}(?![\\p{L}\\p{N}])`, "gu"), `$1<@${user.id}>`);
  for (const c of channelsSorted()) if (c.name) out = out.replace(new RegExp(`(^|[\\s(])#${escaped(c.name)}(?![\\w-])`, "g"), `$1<#${c.id}|${c.name}>`);
  return out.replace(/(^|\s)@(here|channel|everyone)\b/g, "$1<!$2>");
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

export const unstored = (text) => text
  .replace(/<@(\w+)(?:\|[^>]*)?>/g, (_, id) => `@${nameOf(userOf(id))}`)
  .replace(/<#\w+\|([^>]*)>/g, "#$1").replace(/<#(\w+)>/g, (_, id) => `#${state.channels.get(id)?.name ?? id}`)
  .replace(/<!(here|channel|everyone)[^>]*>/g, "@$1").replace(/<(https?:[^>|]+)\|([^>]+)>/g, "[$2]($1)").replace(/<([^>|]+)(?:\|[^>]*)?>/g, "$1")
  .replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
