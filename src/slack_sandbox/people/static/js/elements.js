// Block Kit's interactive elements. One row per element type; `where` tells about the surface they stand on.

import { as, fileBody } from "./api.js";
import { combobox, filtering } from "./combobox.js";
import { freshId, h, icon, iconButton } from "./dom.js";
import { leads, plain, textObject } from "./mrkdwn.js";
import { channelName, faceOf, isApp, isDirect, nameOf, titleOf } from "./people.js";
import { confirm, notice, openMenu } from "./popover.js";
import { channelsSorted, state, userOf, workspace } from "./state.js";
import { localOf, secondsOf } from "./time.js";
import { stored, unstored } from "./typed.js";
import { sent } from "./values.js";

/**
 * where: {values, act(el, block, value, node), options(el, block, query)}
 * field: {label, describedby, invalid} when the element stands in an input block.
 */
export function element(el, block, where, field = null) {
  const draw = TYPES[el.type] ?? TYPES[el.type.replace(/^multi_/, "")];
  if (!draw) return h("span.unknown", {}, `This element is not shown here: ${el.type}`);
  return draw(use(el, block, where, field));
}

/** What every element needs: its value, how to keep it, how to tell the app. */
function use(el, block, where, field) {
  const asks = !field || block.dispatch_action;
  const told = async (value, node) => {
    if (!asks) return undefined;
    if (el.confirm && !(await confirmed(el.confirm))) return undefined;
    return where.act(el, block, sent(value), node);
  };
  return {
    el, block, where, field,
    value: where.values.read(block, el),
    keep: (value) => where.values.write(block, el, value),
    change: (value, node) => {
      where.values.write(block, el, value);
      return told(value, node);
    },
    press: (value, node) => told(value, node),
    aria: { "aria-label": field?.label ?? (plain(el.placeholder) || el.type.replaceAll("_", " ")), "aria-describedby": field?.describedby, "aria-invalid": field?.invalid ? "true" : null },
    label: field?.label ?? (plain(el.placeholder) || el.type.replaceAll("_", " ")),
  };
}

const confirmed = (c) => confirm({ title: plain(c.title), text: textObject(c.text), confirm: plain(c.confirm), deny: plain(c.deny), danger: c.style === "danger" });

const option = (o, group) => ({ value: o.value, label: plain(o.text), detail: plain(o.description), group });

export const listed = (el) => el.options?.map((o) => option(o)) ?? el.option_groups?.flatMap((g) => g.options.map((o) => option(o, plain(g.label)))) ?? [];

const person = (user) => ({ value: user.id, label: nameOf(user), detail: titleOf(user), picture: () => faceOf(user, "xs") });
const place = (c) => ({ value: c.id, label: channelName(c), picture: () => h("span.combo-sign", {}, icon(isDirect(c) ? "at" : c.is_private ? "lock" : "hash")) });

const people = () => (workspace()?.users ?? []).filter((u) => !u.deleted && u.id !== "USLACKBOT" && !isApp(u)).map(person);
const channels = (keep = () => true) => channelsSorted().filter((c) => !c.is_archived && keep(c)).map(place);

function conversations(filter) {
  const wanted = filter?.include;
  return channels((c) => !wanted || wanted.includes(c.kind));
}

const SOURCES = {
  static_select: (el) => filtering(listed(el)),
  external_select: (el, block, where) => async (query) => {
    if (query.length < (el.min_query_length ?? 3)) {
      const none = [];
      none.note = `Type ${el.min_query_length ?? 3} or more letters to search`;
      return none;
    }
    return listed(await where.options(el, block, query));
  },
  users_select: () => (query) => filtering(people())(query),
  conversations_select: (el) => (query) => filtering(conversations(el.filter))(query),
  channels_select: () => (query) => filtering(channels((c) => !isDirect(c) && !c.is_private))(query),
};

/** The name of a chosen id when the app gave only the id. */
function named(choice) {
  if (choice.label) return choice;
  const user = userOf(choice.value);
  if (user) return person(user);
  const channel = state.channels.get(choice.value);
  return channel ? place(channel) : { ...choice, label: choice.value };
}

function select({ el, block, where, value, keep, change, field, label }) {
  const multi = el.type.startsWith("multi_");
  const slim = (one) => one && { value: one.value, label: one.label };
  const held = (list) => (multi ? list.map(slim) : slim(list[0]) ?? null);
  const source = SOURCES[el.type.replace(/^multi_/, "")];
  const chosen = (multi ? value ?? [] : value ? [value] : []).map(named);
  const box = combobox({
    label, describedby: field?.describedby, invalid: field?.invalid, multi, chosen, max: el.max_selected_items, compact: !field,
    placeholder: plain(el.placeholder), options: source(el, block, where), remote: el.type.includes("external"), autofocus: el.focus_on_load,
    onchange: (list) => keep(held(list)),
    ondone: (list) => change(held(list), box),
  });
  return box;
}

function button({ el, press }) {
  const style = el.style === "primary" ? ".primary" : el.style === "danger" ? ".danger" : "";
  const props = { "aria-label": el.accessibility_label };
  if (leads(el.url)) {
    return h(`a.button${style}`, { ...props, href: el.url, target: "_blank", rel: "noopener noreferrer", onclick: (e) => press(el.value, e.currentTarget) }, plain(el.text), h("span.visually-hidden", {}, " (opens in a new tab)"));
  }
  return h(`button.button${style}`, { ...props, type: "button", onclick: (e) => press(el.value, e.currentTarget) }, h("span", {}, plain(el.text)));
}

function overflow({ el, press }) {
  const open = (event) => {
    const anchor = event.currentTarget;
    openMenu(anchor, el.options.map((o) => ({
      label: plain(o.text), detail: plain(o.description),
      run: () => {
        if (leads(o.url)) window.open(o.url, "_blank", "noopener");
        press(o.value, anchor);
      },
    })), { label: "More options", side: "end" });
  };
  return h("button.icon-button.overflow", { type: "button", "aria-label": "More options", "aria-haspopup": "menu", "aria-expanded": "false", onclick: open }, icon("more"));
}

function choices({ el, block, value, change, field, label }, type) {
  const name = freshId("choice");
  const picked = new Set((type === "checkbox" ? value ?? [] : value ? [value] : []).map((c) => c.value));
  const box = h("div.choices", { role: type === "checkbox" ? "group" : "radiogroup", "aria-label": label, "aria-describedby": field?.describedby });
  const read = () => {
    const now = el.options.filter((_, n) => box.querySelectorAll("input")[n].checked).map((o) => ({ value: o.value, label: plain(o.text) }));
    change(type === "checkbox" ? now : now[0] ?? null, box);
  };
  el.options.forEach((o, n) => {
    const described = o.description ? `${name}-${n}` : null;
    box.append(h("label.choice", {}, h("input", { type, name: type === "radio" ? name : null, value: o.value, checked: picked.has(o.value), "aria-describedby": described, onchange: read }),
      h("span", {}, textObject(o.text), o.description ? h("small", { id: described }, textObject(o.description)) : null)));
  });
  return box;
}

const WAIT_AFTER_KEY = 500;

function textInput(type) {
  return ({ el, block, value, keep, change, aria }) => {
    const rich = el.type === "rich_text_input";
    const many = el.multiline || rich;
    const now = () => (rich ? stored(node.value) : node.value);
    const triggers = el.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
    let timer;
    const node = h(many ? "textarea.input" : "input.input", {
      ...aria, type: many ? null : type, rows: many ? "4" : null, placeholder: plain(el.placeholder) || (rich ? "*bold*  _italic_  `code`  - list  > quote" : null),
      inputmode: el.type === "number_input" ? (el.is_decimal_allowed ? "decimal" : "numeric") : null, autocomplete: "off", autofocus: el.focus_on_load,
      maxlength: el.max_length ? String(el.max_length) : null,
      oninput: () => {
        keep(now());
        clearTimeout(timer);
        if (block.dispatch_action && triggers.includes("on_character_entered")) timer = setTimeout(() => change(now(), node), WAIT_AFTER_KEY);
      },
      onkeydown: (event) => {
        if (event.key !== "Enter" || many || !block.dispatch_action || !triggers.includes("on_enter_pressed")) return;
        event.preventDefault();
        event.stopPropagation();
        change(node.value, node);
      },
    });
    node.value = rich ? unstored(value ?? "") : value ?? "";
    return node;
  };
}

function dateInput(type) {
  return ({ el, value, change, aria }) => {
    const moment = type === "datetime-local";
    const node = h("input.input.input-date", {
      ...aria, type, autofocus: el.focus_on_load,
      onchange: () => change(node.value ? (moment ? String(secondsOf(node.value)) : node.value) : null, node),
    });
    node.value = value ? (moment ? localOf(Number(value)) : value) : "";
    return node;
  };
}

function fileInput({ el, keep, value, aria, label }) {
  const most = el.max_files ?? 10;
  let held = value ?? [];
  const list = h("ul.chosen-files");
  const input = h("input", { ...aria, type: "file", class: "visually-hidden", accept: (el.filetypes ?? []).map((t) => `.${t}`).join(",") || null, multiple: most > 1, onchange: () => take([...input.files]) });
  const hint = h("small", {}, [el.filetypes ? el.filetypes.join(", ") : "Any kind", most > 1 ? `up to ${most} files` : "one file"].join(" · "));

  function set(next) {
    held = next;
    keep(held);
    draw();
  }

  function draw() {
    list.replaceChildren(...held.map((f) => h("li", {}, icon("file"), h("span", {}, f.label), iconButton("close", `Remove ${f.label}`, () => set(held.filter((one) => one !== f))))));
  }

  async function take(files) {
    input.value = "";
    if (held.length + files.length > most) return notice(`No more than ${most} file${most > 1 ? "s" : ""} here`, "error");
    try {
      for (const file of files) {
        const { id, name } = await as(state.me, "files", await fileBody(file));
        set([...held, { value: id, label: name }]);
      }
    } catch (failure) {
      notice(failure.message, "error");
    }
    return undefined;
  }

  const box = h("div.file-drop", {
    ondragover: (event) => event.preventDefault(),
    ondrop: (event) => (event.preventDefault(), take([...event.dataTransfer.files])),
  }, h("label.button.small", {}, icon("plus"), "Choose files", input), hint, list);
  list.setAttribute("aria-label", `Files for ${label}`);
  draw();
  return box;
}

function feedback({ el, press }) {
  const one = (b, sign) => h("button.icon-button", { type: "button", title: plain(b.text), "aria-label": b.accessibility_label ?? plain(b.text), onclick: (e) => press(b.value, e.currentTarget) }, sign);
  return h("span.feedback", { role: "group", "aria-label": "Feedback" }, one(el.positive_button, "👍"), one(el.negative_button, "👎"));
}

const TYPES = {
  button,
  workflow_button: button,
  overflow,
  static_select: select,
  external_select: select,
  users_select: select,
  conversations_select: select,
  channels_select: select,
  checkboxes: (it) => choices(it, "checkbox"),
  radio_buttons: (it) => choices(it, "radio"),
  plain_text_input: textInput("text"),
  rich_text_input: textInput("text"),
  number_input: textInput("text"),
  email_text_input: textInput("email"),
  url_text_input: textInput("url"),
  datepicker: dateInput("date"),
  timepicker: dateInput("time"),
  datetimepicker: dateInput("datetime-local"),
  file_input: fileInput,
  feedback_buttons: feedback,
  icon_button: ({ el, press }) => iconButton(el.icon === "trash" ? "trash" : "edit", plain(el.text), (e) => press(el.value, e.currentTarget)),
};
