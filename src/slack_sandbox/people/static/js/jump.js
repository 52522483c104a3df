// Ctrl-K: jump to a channel, a person or an app.

import { openDirect } from "./direct.js";
import { freshId, h, icon } from "./dom.js";
import { preview } from "./mrkdwn.js";
import { actable, avatar, channelName, directPeer, faceOf, isDirect, nameOf, titleOf } from "./people.js";
import { matches, picker } from "./picker.js";
import { go } from "./route.js";
import { channelsSorted, state, workspace } from "./state.js";

let open = null;

export function openJump() {
  if (open || !state.me) return;
  const title = freshId("jump");
  const dialog = h("dialog.dialog.jump-dialog", { "aria-labelledby": title });
  open = dialog;
  const { box } = picker({ label: "Jump to", placeholder: "Jump to a channel, a person or an app", items: rows, pick: (item) => (dialog.close(), item.run()) });
  dialog.append(h("h2.visually-hidden", { id: title }, "Jump to"), box);
  dialog.addEventListener("close", () => (dialog.remove(), (open = null)));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

function rows(query) {
  const q = query.replace(/^[#@]/, "");
  const rooms = channelsSorted().filter((c) => !isDirect(c) && c.kind !== "mpim" && matches(q, c.name)).sort((a, b) => (b.unread ?? 0) - (a.unread ?? 0) || a.is_archived - b.is_archived);
  const people = actable(workspace()).filter((u) => u.id !== state.me && matches(q, nameOf(u), u.name, u.real_name));
  const apps = (workspace()?.apps ?? []).filter((a) => matches(q, a.name));
  const groups = channelsSorted().filter((c) => c.kind === "mpim" && matches(q, channelName(c)));
  return [
    ...rooms.map((c) => ({ label: c.name, detail: c.is_archived ? "archived" : c.unread ? `${c.unread} unread` : preview(c.topic), group: "Channels", picture: () => h("span.combo-sign", {}, icon(c.is_private ? "lock" : "hash")), run: () => go({ channel: c.id }) })),
    ...people.map((u) => ({ label: nameOf(u), detail: titleOf(u), group: "People", picture: () => faceOf(u, "s"), run: () => openDirect(u.id) })),
    ...groups.map((c) => ({ label: channelName(c), group: "People", picture: () => faceOf(directPeer(c), "s"), run: () => go({ channel: c.id }) })),
    ...apps.map((a) => ({ label: a.name, detail: a.description, group: "Apps", picture: () => avatar({ id: a.app_id, name: a.name, app: true }, "s"), run: () => go({ home: a.app_id }) })),
  ];
}
