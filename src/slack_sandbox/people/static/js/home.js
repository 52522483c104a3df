// The middle column when an app is open: the Home tab it published for this person.

import { appMenu, eventsNote } from "./admin.js";
import { openHome } from "./data.js";
import { openDirect } from "./direct.js";
import { h, icon, replace } from "./dom.js";
import { avatar } from "./people.js";
import { appOf, state } from "./state.js";
import { viewForm } from "./viewform.js";

const main = document.getElementById("main");
let parts = null;

export function drawHome() {
  const app = appOf(state.place?.home);
  if (!app) return;
  const key = `${state.me} ${app.app_id} ${app.events_disabled}`;
  if (parts?.key !== key || !parts.frame.isConnected) build(app, key);
  if (!state.homes.has(app.app_id)) return;
  const view = state.homes.get(app.app_id);
  if (!view) replace(parts.body, empty(app));
  else if (parts.view !== view.id) {
    parts.form = viewForm(view);
    replace(parts.body, h("div.home-page", {}, parts.form.box));
  } else parts.form.show(view);
  parts.view = view?.id ?? null;
}

function build(app, key) {
  state.homes.delete(app.app_id);
  parts = { key, body: h("div.scroller.home", { tabindex: "-1" }) };
  parts.frame = h("div.channel", {}, h("header.channel-head", {},
    h("div.channel-names", {}, h("h1.channel-title", {}, avatar({ id: app.app_id, name: app.name, app: true }, "s"), app.name, h("span.badge", {}, "App")), h("p.topic", {}, app.description)),
    h("div.tabs", { role: "group", "aria-label": "App" }, h("button.tab", { type: "button", "aria-current": "page" }, "Home"), h("button.tab", { type: "button", onclick: () => openDirect(app.bot_user_id) }, "Messages")), appMenu(app)), eventsNote(app), parts.body);
  replace(main, parts.frame);
  openHome(app.app_id).catch((failure) => replace(parts.body, h("p.intro", {}, failure.message)));
}

const empty = (app) => h("div.empty", {}, icon("home"), h("h2", {}, "Nothing here yet"),
  h("p", {}, app.home_tab === false ? `${app.name} has no Home tab.` : `${app.name} has not published its Home tab for you. It was told that you are here.`),
  app.commands.length ? h("div.command-list", {}, h("h3", {}, "Commands"), h("dl", {}, app.commands.map((c) => [h("dt", {}, h("code", {}, c.command), " ", c.usage_hint), h("dd", {}, c.description)]))) : null);
