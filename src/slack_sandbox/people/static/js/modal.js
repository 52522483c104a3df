// The modal on top of a person's screen, as the sandbox keeps its stack.

import { onView, TROUBLE } from "./acting.js";
import { as, get } from "./api.js";
import { freshId, h, icon, iconButton, replace } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { closePanel } from "./popover.js";
import { appOf, memory, state } from "./state.js";
import { avatar } from "./people.js";
import { viewForm } from "./viewform.js";

const forms = new Map(); // view id -> its form, kept while the view is under another one
let dialog = null;
let shown = null;
let asking = 0; // requests under way whose answer tells what is on the screen
let expected = 0; // "view" events that will only repeat what an answer told already

const openKey = () => `modal:${state.me}`;
const depth = (view) => (!view ? 0 : !view.previous_view_id ? 1 : view.previous_view_id === view.root_view_id ? 2 : 3);

export function showView(view) {
  memory.write(openKey(), Boolean(view));
  if (!view) return leave();
  if (shown?.id === view.id && shown.hash === view.hash) return undefined;
  const same = shown?.id === view.id;
  shown = view;
  const form = forms.get(view.id);
  if (form) form.show(view);
  else forms.set(view.id, viewForm(view));
  draw(same);
  return undefined;
}

onView(showView);

function leave() {
  shown = null;
  forms.clear();
  dialog?.close();
  dialog?.remove();
  dialog = null;
}

function draw(same) {
  const fresh = !dialog;
  dialog ??= frame();
  closePanel();
  const [head, body, foot] = dialog.children;
  const form = forms.get(shown.id);
  if (body.firstChild !== form.box) body.replaceChildren(form.box);
  const sign = JSON.stringify([shown.id, shown.title, shown.submit, shown.close, shown.submit_disabled]);
  if (dialog.__sign !== sign) {
    dialog.__sign = sign;
    replace(head, headOf(shown));
    replace(foot, footOf(shown));
  }
  if (fresh) dialog.showModal();
  if (!same) focusFirst(body);
}

function frame() {
  const made = h("dialog.modal", { oncancel: (event) => (event.preventDefault(), close()) }, h("header.modal-head"), h("div.modal-body"), h("footer.modal-foot"));
  made.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
  });
  document.body.append(made);
  return made;
}

function headOf(view) {
  const title = h("h2", { id: freshId("modal-title") }, plain(view.title));
  dialog.setAttribute("aria-labelledby", title.id);
  const mark = view.previous_view_id
    ? iconButton("back", "Back", () => close())
    : avatar({ id: view.app_id, name: appOf(view.app_id)?.name ?? "App", app: true }, "s");
  return [mark, title, iconButton("close", "Close", () => close({ clear: true }))];
}

function footOf(view) {
  const text = plain(view.submit);
  return [
    h("p.modal-trouble", { role: "alert", hidden: true }, icon("warn"), h("span")),
    h("button.button", { type: "button", onclick: () => close() }, plain(view.close) || (text ? "Cancel" : "Close")),
    text ? h("button.button.primary.modal-submit", { type: "button", onclick: submit, disabled: Boolean(view.submit_disabled) }, h("span", {}, text)) : null,
  ];
}

function focusFirst(body) {
  body.scrollTop = 0;
  const first = body.querySelector("[autofocus]") ?? body.querySelector(".block-input input, .block-input textarea") ?? dialog.querySelector(".modal-submit, .modal-foot button");
  first?.focus();
}

async function tell(path, body) {
  asking += 1;
  try {
    return await as(state.me, path, body);
  } finally {
    asking -= 1;
  }
}

const GRACE = 1500;

function settle(before, view) {
  const closed = Math.max(0, depth(before) - depth(view));
  expected += closed;
  setTimeout(() => (expected = Math.max(0, expected - closed)), GRACE);
}

async function submit() {
  if (!shown?.submit || dialog.hasAttribute("aria-busy")) return;
  const view = shown;
  const form = forms.get(view.id);
  form.fail({});
  trouble(null);
  waiting(true);
  try {
    const answer = await tell(`views/${view.id}/submit`, { values: form.entered() });
    settle(view, answer.view);
    if (shown?.id !== view.id) return;
    if (answer.outcome === "errors") {
      waiting(false);
      trouble(form.fail(answer.errors).join(" ") || null);
    } else {
      if (answer.outcome === "closed") forms.delete(view.id);
      showView(answer.view);
    }
  } catch (failure) {
    trouble(failure.status ? failure.message : TROUBLE);
  } finally {
    waiting(false);
  }
}

async function close({ clear = false } = {}) {
  const view = shown;
  if (!view) return;
  try {
    const answer = await tell(`views/${view.id}/close`, { clear });
    settle(view, answer.view);
    forms.delete(view.id);
    showView(answer.view);
  } catch (failure) {
    if (failure.status === 404) showView(null);
    else trouble(TROUBLE);
  }
}

function waiting(yes) {
  if (!dialog) return;
  if (yes) dialog.setAttribute("aria-busy", "true");
  else dialog.removeAttribute("aria-busy");
  dialog.querySelector(".modal-body").inert = yes;
  dialog.querySelector(".modal-submit")?.toggleAttribute("disabled", yes || Boolean(shown?.submit_disabled));
}

function trouble(text) {
  const line = dialog?.querySelector(".modal-trouble");
  if (!line) return;
  line.hidden = !text;
  line.querySelector("span").textContent = text ?? "";
}

/** The stream says that the screen of this person changed. An empty screen is null. */
export async function recheck() {
  await new Promise((resolve) => setTimeout(resolve, asking ? 60 : 0));
  if (asking) return recheck();
  if (expected > 0) {
    expected -= 1;
    return undefined;
  }
  const mine = state.me;
  const view = await get(`/sandbox/users/${mine}/view?or_null=true`);
  if (mine === state.me) showView(view);
  return undefined;
}

/** After a reload or a change of person: a modal left open comes back. */
export async function resume() {
  leave();
  if (memory.read(openKey(), false)) await recheck();
}
