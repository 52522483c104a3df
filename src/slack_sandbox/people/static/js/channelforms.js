// Dialogs about channels: create, browse, details with topic and members.

import { iAmAdmin } from "./admin.js";
import { as, del, post } from "./api.js";
import { readChannels } from "./data.js";
import { openCard } from "./direct.js";
import { freshId, h, icon } from "./dom.js";
import { preview } from "./mrkdwn.js";
import { actable, faceOf, isApp, nameOf, titleOf } from "./people.js";
import { matches, picker } from "./picker.js";
import { confirm, notice, openDialog } from "./popover.js";
import { go } from "./route.js";
import { channelsSorted, state, userOf, workspace } from "./state.js";
import { stored, unstored } from "./typed.js";

const REASONS = {
  name_taken: "That name is already taken by a channel, perhaps an archived one.",
  invalid_name_specials: "Names can only have lowercase letters, numbers, hyphens and underscores.",
  invalid_name_punctuation: "Names cannot be punctuation only.",
  invalid_name_required: "Please give the channel a name.",
  invalid_name_maxlength: "Names can be at most 80 characters.",
};

export function createChannel() {
  const id = freshId("name");
  const name = h("input.input", { id, type: "text", maxlength: "80", placeholder: "e.g. plan-launch", autocomplete: "off", autofocus: true, "aria-describedby": `${id}-error`, oninput: () => (name.value = name.value.toLowerCase().replace(/\s/g, "-")) });
  const private_ = h("input", { type: "checkbox" });
  const error = h("p.field-error", { id: `${id}-error`, hidden: true }, icon("warn"), h("span"));
  openDialog("Create a channel", (close) => {
    const save = async (event) => {
      event?.preventDefault();
      try {
        const made = await post("/sandbox/channels", { team: workspace().id, name: name.value.trim(), is_private: private_.checked, creator: state.me });
        await readChannels();
        close();
        go({ channel: made.id });
      } catch (failure) {
        error.hidden = false;
        error.querySelector("span").textContent = REASONS[failure.reason] ?? failure.message;
      }
    };
    const form = h("form", { onsubmit: save }, h("label.field-label", { for: id }, "Name"), name, error,
      h("label.choice", {}, private_, h("span", {}, "Private", h("small", {}, "Only people who are invited can see it."))));
    return { body: form, buttons: [h("button.button", { type: "button", onclick: close }, "Cancel"), h("button.button.primary", { type: "button", onclick: save }, "Create")] };
  });
}

export async function joinChannel(id) {
  try {
    await as(state.me, "joins", { channel: id });
    await readChannels();
    go({ channel: id });
  } catch (failure) {
    notice(failure.message, "error");
  }
}

export function browseChannels() {
  openDialog("Browse channels", (close) => {
    const rows = (query) => channelsSorted().filter((c) => c.kind === "public" && !c.is_archived && matches(query, c.name, c.topic)).map((c) => ({
      id: c.id, joined: c.is_member, label: c.name, detail: [c.is_member ? "Joined" : "Not joined", `${c.members.length} ${c.members.length === 1 ? "member" : "members"}`, preview(c.topic)].filter(Boolean).join(" · "), picture: () => h("span.combo-sign", {}, icon("hash")),
      aside: c.is_member ? null : h("button.button.small", { type: "button", onclick: () => (close(), joinChannel(c.id)), "aria-label": `Join ${c.name}` }, "Join"),
    }));
    const { box } = picker({ label: "Channels", placeholder: "Find a channel", items: rows, pick: (item) => (close(), go({ channel: item.id })) });
    return { body: box };
  }, { wide: true });
}

/** Topic, purpose, members, invite, leave, archive. */
export function channelDetails(channel) {
  const dialog = openDialog(`${channel.is_private ? "" : "#"}${channel.name}`, (close) => {
    const body = h("div.details");
    const draw = () => {
      const now = state.channels.get(channel.id) ?? channel;
      body.replaceChildren(
        naming(now, draw), describe(now, "topic", "Topic", draw), describe(now, "purpose", "Description", draw), members(now, draw),
        now.is_general ? h("div.details-foot") : now.is_member && !now.is_archived ? h("div.details-foot", {},
          h("button.button.small", { type: "button", onclick: () => (close(), leave(now)) }, icon("door"), "Leave channel"),
          h("button.button.small.danger", { type: "button", onclick: () => (close(), archive(now)) }, icon("archive"), "Archive channel"), iAmAdmin() ? removal(now) : null)
          : now.is_archived ? h("div.details-foot", {}, h("button.button.small", { type: "button", onclick: () => (close(), unarchive(now)) }, "Unarchive channel"), iAmAdmin() ? removal(now) : null) : h("div.details-foot"));
    };
    const removal = (now) => h("button.button.small.danger", { type: "button", onclick: () => (close(), remove(now)) }, icon("trash"), "Delete channel");
    draw();
    return { body };
  }, { wide: true });
  return dialog;
}

function naming(channel, redraw) {
  const id = freshId("name");
  const input = h("input.input", { id, type: "text", maxlength: "80", disabled: !channel.is_member || channel.is_archived, oninput: () => (save.hidden = input.value === channel.name) });
  input.value = channel.name;
  const save = h("button.button.small", { type: "submit", hidden: true }, "Rename");
  const rename = () => tried(post(`/sandbox/channels/${channel.id}/rename`, { by: state.me, name: input.value.trim() }));
  return h("form.details-field", { onsubmit: async (e) => (e.preventDefault(), (await rename()) && redraw()) }, h("label.field-label", { for: id }, "Name"), h("div.details-row", {}, input, save));
}

async function remove(channel) {
  const sure = await confirm({ title: `Delete #${channel.name}?`, text: h("p", {}, "Its messages and files are gone for good."), confirm: "Delete channel", danger: true });
  if (sure && (await tried(del(`/sandbox/channels/${channel.id}?by=${state.me}`)))) notice(`#${channel.name} was deleted`, "done");
}

async function tried(work) {
  try {
    await work;
    await readChannels();
    return true;
  } catch (failure) {
    notice(REASONS[failure.reason] ?? failure.message, "error");
    return false;
  }
}

function describe(channel, key, title, redraw) {
  const id = freshId(key);
  const input = h("input.input", { id, type: "text", maxlength: "250", placeholder: `Add a ${title.toLowerCase()}`, disabled: !channel.is_member || channel.is_archived });
  const before = unstored(channel[key] ?? "");
  input.value = before;
  const save = h("button.button.small", { type: "submit", hidden: true }, "Save");
  input.addEventListener("input", () => (save.hidden = input.value === before));
  return h("form.details-field", { onsubmit: async (e) => (e.preventDefault(), (await tried(as(state.me, `${key}s`, { channel: channel.id, text: stored(input.value.trim()) }))) && redraw()) },
    h("label.field-label", { for: id }, title), h("div.details-row", {}, input, save));
}

function members(channel, redraw) {
  const add = (query) => (query ? actable(workspace()).filter((u) => !channel.members.includes(u.id)).concat((workspace()?.apps ?? []).map((a) => userOf(a.bot_user_id)).filter((u) => u && !channel.members.includes(u.id)))
    .filter((u) => matches(query, nameOf(u), u.name, u.real_name)).map((u) => ({ id: u.id, label: nameOf(u), detail: "Add to this channel", picture: () => faceOf(u, "s") })) : []);
  const here = (query) => channel.members.map(userOf).filter((u) => u && matches(query, nameOf(u), u.name)).map((u) => ({ id: u.id, member: true, label: nameOf(u) + (u.id === state.me ? " (you)" : ""), detail: isApp(u) ? "App" : titleOf(u), picture: () => faceOf(u, "s"), group: "Members" }));
  const { box } = picker({
    label: "Members", placeholder: channel.is_member && !channel.is_archived ? "Find a member, or add a person" : "Find a member",
    items: (query) => [...here(query), ...(channel.is_member && !channel.is_archived ? add(query).map((row) => ({ ...row, group: "Not in this channel" })) : [])],
    pick: async (item) => {
      if (item.member) openCard(box.querySelector(".picker-option.active"), item.id);
      else if (await tried(as(state.me, "invitations", { channel: channel.id, users: [item.id] }))) redraw();
    },
  });
  return h("section", {}, h("h3.field-label", {}, `Members (${channel.members.length})`), box);
}

async function leave(channel) {
  await tried(as(state.me, "leaves", { channel: channel.id }));
}

async function archive(channel) {
  const sure = await confirm({ title: `Archive #${channel.name}?`, text: h("p", {}, "Nobody can write there afterwards. Its name stays taken."), confirm: "Archive", danger: true });
  if (sure) await tried(post(`/sandbox/channels/${channel.id}/archive`, { by: state.me }));
}

const unarchive = (channel) => tried(post(`/sandbox/channels/${channel.id}/unarchive`, { by: state.me }));

export { unarchive };
