// The bar over everything: workspace, channel jump, theme, and the person acted as.

import { addPerson, iAmAdmin } from "./admin.js";
import { h, icon, iconButton, replace } from "./dom.js";
import { openJump } from "./jump.js";
import { actable, faceOf, nameOf, titleOf } from "./people.js";
import { matches, picker } from "./picker.js";
import { isOpenAt, openMenu, openPanel } from "./popover.js";
import { addressOf, becomes } from "./route.js";
import { state, userOf, workspace } from "./state.js";
import { nextTheme, theme } from "./theme.js";
import { clock, localTime } from "./time.js";

const bar = document.getElementById("topbar");
const SIGN = { auto: "half", light: "sun", dark: "moon" };

export function drawTopbar() {
  const me = userOf(state.me);
  const here = workspace();
  replace(bar,
    iconButton("menu", "Channels", () => document.getElementById("sidebar").classList.toggle("open"), { class: "only-narrow" }),
    here ? h("button.workspace", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: (e) => workspaces(e.currentTarget) },
      h("span.workspace-mark", { "aria-hidden": "true" }, here.name.slice(0, 1).toUpperCase()), h("span.workspace-text", {}, h("strong", {}, here.name), h("small", {}, `${here.domain}.sandbox`)), icon("chevron")) : h("strong.workspace", {}, "Slack sandbox"),
    h("button.jump", { type: "button", onclick: openJump, disabled: !me }, icon("search"), h("span", {}, here ? `Jump to a channel or person` : "No workspace"), h("kbd", {}, "Ctrl K")),
    h("span.offline", { hidden: state.online, role: "status" }, icon("warn"), "Reconnecting…"),
    iconButton(SIGN[theme()], `Theme: ${theme()}`, () => (nextTheme(), drawTopbar(), bar.querySelector(".theme").focus()), { class: "theme" }),
    me ? h("button.acting", { type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: (e) => openSwitcher(e.currentTarget), "aria-label": `Acting as ${nameOf(me)}. Switch person` },
      h("span.acting-label", {}, "Acting as"), faceOf(me, "s"), h("span.acting-text", {}, h("strong", {}, nameOf(me)), h("small", {}, [titleOf(me), clock(new Date(), me.tz)].filter(Boolean).join(" · "))), icon("chevron")) : null);
}

function workspaces(anchor) {
  openMenu(anchor, [{ heading: "Workspaces" }, ...state.workspaces.map((w) => ({
    label: w.name, detail: `${actable(w).length} people, ${w.apps.length} ${w.apps.length === 1 ? "app" : "apps"}`, checked: w === workspace(),
    run: () => actable(w)[0] && becomes(actable(w)[0].id),
  })), ...(iAmAdmin() ? [null, { label: "Add a person…", icon: "plus", run: addPerson }] : [])], { label: "Workspaces" });
}

export function openSwitcher(anchor = bar.querySelector(".acting")) {
  if (!anchor) return;
  if (isOpenAt(anchor)) {
    isOpenAt(anchor)();
    return;
  }
  const groups = state.workspaces.length > 1;
  const order = [workspace(), ...state.workspaces.filter((w) => w !== workspace())];
  const rows = (query) => order.flatMap((w) => actable(w).filter((u) => matches(query, nameOf(u), u.real_name, u.name, titleOf(u))).map((u) => ({
    id: u.id, label: nameOf(u), detail: [titleOf(u), localTime(u)].filter(Boolean).join(" · "), picture: () => faceOf(u, "m"), group: groups ? w.name : null, current: u.id === state.me,
    aside: h("a.icon-button", { href: addressOf({ me: u.id, channel: state.place?.channel }), target: `sandbox-${u.id}`, title: `Open another window as ${nameOf(u)}`, "aria-label": `Open another window as ${nameOf(u)}` }, icon("plus")),
  })));
  const { box, input } = picker({ label: "Act as", placeholder: "Find a person", items: rows, pick: (item) => (close(), becomes(item.id)), emptyText: "No such person here" });
  const close = openPanel(anchor, h("div.switcher", {}, h("p.panel-title", {}, "Act as another person"), box, h("p.panel-note", {}, icon("plus"), "opens a second window, so that two people can talk.")), { label: "Act as another person", side: "end" });
  input.focus();
}
