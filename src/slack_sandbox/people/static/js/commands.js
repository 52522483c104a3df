// Running apps' slash commands and shortcuts, with Slack's own words when that fails.

import { acknowledged, TROUBLE } from "./acting.js";
import { as } from "./api.js";
import { showView } from "./modal.js";
import { addNote } from "./notes.js";
import { nameOf } from "./people.js";
import { notice } from "./popover.js";
import { state, workspace } from "./state.js";

export const commands = () => (workspace()?.apps ?? []).flatMap((app) => app.commands.map((c) => ({ ...c, app })));
export const globalShortcuts = () => (workspace()?.apps ?? []).flatMap((app) => app.shortcuts.filter((s) => s.type === "global").map((s) => ({ ...s, app })));

const unknown = (name) => `\`${name}\` is not a valid command. In Slack, all messages that start with the “/” character are interpreted as slash commands.\n\nIf you are trying to send a message and not run a slash command, try preceding the “/” with an empty space.`;

/** Answers whether it ran; what went wrong stands in the channel. */
export async function runCommand(typed, channel, thread) {
  const [name] = typed.split(/\s+/);
  const text = typed.slice(name.length).trim();
  if (!commands().some((c) => c.command === name)) {
    addNote(channel, unknown(name), thread);
    return false;
  }
  if (thread) {
    addNote(channel, `\`${name}\` is not supported in threads. Sorry!`, thread);
    return false;
  }
  try {
    const answer = await as(state.me, "commands", { channel: channel.id, command: name, text: asTyped(text) });
    if (!acknowledged(answer.ack)) {
      addNote(channel, `\`${name}\` failed with the error "${answer.ack.body || "dispatch_failed"}"`);
      return false;
    }
    if (answer.view) showView(answer.view);
    return true;
  } catch (failure) {
    addNote(channel, failure.status ? `\`${name}\`: ${failure.message}` : TROUBLE);
    return false;
  }
}

/** Commands carry mentions as @name; whether they are escaped is the app's choice. */
function asTyped(text) {
  return people().reduce((t, user) => t.replaceAll(`@${nameOf(user)}`, `@${user.name}`), text);
}

export const people = () => [...(workspace()?.users ?? [])].sort((a, b) => nameOf(b).length - nameOf(a).length);

export async function runShortcut(shortcut, message) {
  try {
    const answer = await as(state.me, "shortcuts", { callback_id: shortcut.callback_id, message: message ?? null });
    if (!acknowledged(answer.ack)) notice(`${shortcut.name}: ${TROUBLE}`, "error");
    else if (answer.view) showView(answer.view);
  } catch (failure) {
    notice(failure.message, "error");
  }
}
