// Talking to the sandbox server: JSON calls, and the stream that tells what changed.

export class Refused extends Error {
  constructor(status, text, reason) {
    super(text);
    this.status = status;
    this.reason = reason;
  }
}

export async function call(method, path, body) {
  const sent = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { method, ...sent });
  const json = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, said(json) ?? `The sandbox answered ${answer.status}`, json?.error);
  return json;
}

const WORDS = {
  not_in_channel: "You are not in this channel.",
  is_archived: "This channel is archived.",
  already_reacted: "You have reacted with this emoji already.",
  not_your_message: "You can only change your own messages.",
  user_deactivated: "This account is deactivated.",
  restricted_action: "Only an admin can do that.",
  cant_archive_general: "This channel cannot be archived.",
  name_taken: "That name is already taken.",
  not_interactive: "No app stands behind this message.",
};

/** The sandbox's refusals are {error, detail}; those of a malformed request are {detail: [{msg}]}. */
function said(json) {
  if (Array.isArray(json?.detail)) return json.detail.map((one) => one.msg).join("; ");
  return json?.error ? WORDS[json.error] ?? [json.error.replaceAll("_", " "), json.detail].filter(Boolean).join(": ") : null;
}

export const get = (path) => call("GET", path);
export const del = (path) => call("DELETE", path);
export const post = (path, body = {}) => call("POST", path, body);
export const as = (user, path, body) => post(`/sandbox/users/${user}/${path}`, body);

/** A chosen file as the sandbox takes it. */
export async function fileBody(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let raw = "";
  for (let at = 0; at < bytes.length; at += 0x8000) raw += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return { name: file.name, content_base64: btoa(raw) };
}

const LONGEST_WAIT = 8000;

/** Follow one person's stream until the returned function is called; `onUp(again)` runs at each (re)connection. */
export function follow(user, { onEvent, onUp, onDown }) {
  let source;
  let timer;
  let wait = 500;
  let ups = 0;
  let over = false;

  function open() {
    source = new EventSource(`/sandbox/stream?as=${user}`);
    source.onopen = () => {
      wait = 500;
      onUp(ups++ > 0);
    };
    source.onmessage = (event) => onEvent(JSON.parse(event.data));
    source.onerror = () => {
      source.close();
      if (over) return;
      onDown();
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  open();
  return () => {
    over = true;
    clearTimeout(timer);
    source.close();
  };
}
