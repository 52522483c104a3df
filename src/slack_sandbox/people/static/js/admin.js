// What people and their admins change about people and apps: profiles, accounts, an app's events, its removal.

import { call, del, post } from "./api.js";
import { readWorkspaces } from "./data.js";
import { freshId, h, icon, iconButton } from "./dom.js";
import { nameOf } from "./people.js";
import { confirm, notice, openDialog, openMenu } from "./popover.js";
import { state, userOf, workspace } from "./state.js";

export const iAmAdmin = () => Boolean(userOf(state.me)?.is_admin);

async function tried(work, done) {
  try {
    await work;
    await readWorkspaces();
    if (done) notice(done, "done");
    return true;
  } catch (failure) {
    notice(failure.message, "error");
    return false;
  }
}

function form(title, fields, save) {
  openDialog(title, (close) => {
    const inputs = Object.fromEntries(fields.map(([key, , value]) => [key, h("input.input", { id: freshId(key), type: "text", autocomplete: "off" })]));
    for (const [key, , value] of fields) inputs[key].value = value ?? "";
    const send = async (event) => {
      event?.preventDefault();
      const entered = Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, input.value.trim()]));
      if (await save(entered)) close();
    };
    const rows = fields.map(([key, label]) => [h("label.field-label", { for: inputs[key].id }, label), inputs[key]]);
    const body = h("form.stacked", { onsubmit: send }, rows, h("button", { type: "submit", hidden: true }));
    return { body, buttons: [h("button.button", { type: "button", onclick: close }, "Cancel"), h("button.button.primary", { type: "button", onclick: send }, "Save")] };
  });
}

export function editProfile(user) {
  const { profile = {} } = user;
  const fields = [["real_name", "Full name", user.real_name], ["display_name", "Display name", profile.display_name], ["title", "Title", profile.title], ["status_emoji", "Status emoji", profile.status_emoji], ["status_text", "Status", profile.status_text]];
  form("Edit profile", fields, ({ real_name, ...changed }) => tried(call("PATCH", `/sandbox/users/${user.id}`, { real_name, profile: changed }), "Profile saved"));
}

export function addPerson() {
  form("Add a person", [["real_name", "Full name"], ["name", "User name"], ["email", "E-mail"]], ({ real_name, name, email }) => {
    const plain = name || real_name.toLowerCase().split(/\s+/)[0];
    return tried(post("/sandbox/users", { team: workspace().id, name: plain, real_name: real_name || plain, email: email || null }), `${real_name || plain} joined ${workspace().name}`);
  });
}

export async function deactivate(user) {
  if (user.deleted) return tried(call("PATCH", `/sandbox/users/${user.id}`, { deleted: false }), `${nameOf(user)} is back`);
  const sure = await confirm({ title: `Deactivate ${nameOf(user)}?`, text: h("p", {}, "The person can no longer act here. You can bring the account back."), confirm: "Deactivate", danger: true });
  return sure && tried(call("PATCH", `/sandbox/users/${user.id}`, { deleted: true }), `${nameOf(user)} was deactivated`);
}

/** Three dots on an app's page, for admins. */
export function appMenu(app) {
  if (!iAmAdmin()) return null;
  return iconButton("more", "App settings", (event) => openMenu(event.currentTarget, [
    { label: app.events_disabled ? "Turn event subscriptions on" : "Turn event subscriptions off", icon: "bolt", run: () => switchEvents(app) },
    { label: "Revoke its tokens…", icon: "lock", danger: true, run: () => revoke(app) },
    { label: "Remove from this workspace…", icon: "trash", danger: true, run: () => remove(app) },
  ], { label: "App settings", side: "end" }), { "aria-haspopup": "menu" });
}

const switchEvents = (app) => tried(call("PUT", `/sandbox/apps/${app.app_id}/events`, { enabled: app.events_disabled }));

async function revoke(app) {
  const sure = await confirm({ title: `Revoke the tokens of ${app.name}?`, text: h("p", {}, "Every call of the app is refused afterwards, until it is installed again."), confirm: "Revoke", danger: true });
  if (sure) await tried(post(`/sandbox/apps/${app.app_id}/revoke?kind=bot`), "Tokens revoked");
}

async function remove(app) {
  const sure = await confirm({ title: `Remove ${app.name}?`, text: h("p", {}, "It leaves every channel, its commands and its tokens end. Whoever runs it can install it again."), confirm: "Remove app", danger: true });
  if (sure) await tried(del(`/sandbox/apps/${app.app_id}`), `${app.name} was removed`);
}

/** Shown when the app gets no events: an admin switched them off, or Slack did because the app failed to take them. */
export const eventsNote = (app) => (app.events_disabled ? h("div.events-note", { role: "status" }, icon("warn"), h("span", {}, `Event subscriptions are off. ${app.name} hears nothing of what happens here.`),
  iAmAdmin() ? h("button.button.small", { type: "button", onclick: () => switchEvents(app) }, "Turn on") : null) : null);
