// Slack's mrkdwn and plain text as elements.

import { h } from "./dom.js";
import { emoji, SHORTCODE, withEmoji } from "./emoji.js";
import { nameOf } from "./people.js";
import { state, userOf } from "./state.js";
import { fillDate, full } from "./time.js";

const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** What a link may lead to; anything else (javascript:, data:) is shown as text. */
export const leads = (url) => /^(https?:|mailto:|tel:|slack:|\/)/i.test(url ?? "");

/** Links open in a new tab; permalinks of this workspace and /archives/ paths stay in this window. */
export function link(url, ...label) {
  if (!leads(url)) return h("span", {}, ...label);
  const inside = url.match(/\/archives\/([CDG]\w+)(?:\/p(\d+)(\d{6}))?/);
  const own = inside && state.channels.has(inside[1]);
  const props = own ? { dataset: { channel: inside[1], ts: inside[2] ? `${inside[2]}.${inside[3]}` : "" } } : { target: "_blank", rel: "noopener noreferrer" };
  return h("a.link", { href: url, ...props }, ...label);
}

export function mention(userId, label) {
  const user = userOf(userId);
  return h(`button.mention${userId === state.me ? ".mention-me" : ""}`, { type: "button", dataset: { user: userId } }, `@${user ? nameOf(user) : label ?? userId}`);
}

export function channelLink(id, label) {
  const found = state.channels.get(id);
  if (!found && !label) return h("span.mention.mention-off", {}, "#private-channel");
  return h("a.mention", { href: `?c=${id}`, dataset: { channel: id } }, `#${found?.name ?? label}`);
}

export function emojiNode(name, big = false) {
  const char = emoji(name);
  return char ? h(`span.emoji${big ? ".emoji-big" : ""}`, { role: "img", "aria-label": `:${name}:`, title: `:${name}:` }, char) : `:${name}:`;
}

export function dateNode(seconds, template, url, fallback) {
  const text = fillDate(template, seconds) ?? fallback ?? "";
  const node = h("time.date", { title: full(new Date(seconds * 1000)) }, text);
  return url ? link(url, node) : node;
}

function token(inner) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? undefined : unescape(inner.slice(bar + 1));
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelLink(target.slice(1), label);
  if (target.startsWith("!date^")) {
    const [, seconds, template, url] = target.split("^");
    return dateNode(Number(seconds), unescape(template), url && unescape(url), label);
  }
  if (target.startsWith("!subteam^")) return h("span.mention", {}, label ?? "@group");
  if (target.startsWith("!")) return h("span.mention.mention-all", {}, `@${label ?? target.slice(1)}`);
  return link(unescape(target), label !== undefined ? withEmoji(label) : unescape(target).replace(/^(mailto|tel):/, ""));
}

const STYLES = { "*": "strong", _: "em", "~": "s" };
const wordy = (char) => char !== undefined && /[\p{L}\p{N}]/u.test(char);

function closing(text, from, mark) {
  for (let i = text.indexOf(mark, from + 1); i > 0; i = text.indexOf(mark, i + 1)) {
    if (text.slice(from, i).includes("\n")) return -1;
    if (!/\s/.test(text[i - 1]) && !wordy(text[i + 1]) && i > from + 1) return i;
  }
  return -1;
}

/** One run of mrkdwn without block marks, as a list of nodes. */
export function inline(text) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(unescape(plain));
    plain = "";
  };
  for (let i = 0; i < text.length; ) {
    const char = text[i];
    const rest = text.slice(i);
    let match;
    if (char === "<" && (match = rest.match(/^<([^<>\n]+)>/))) {
      flush();
      nodes.push(token(match[1]));
      i += match[0].length;
    } else if (char === "`" && (match = rest.match(/^`([^`\n]+)`/))) {
      flush();
      nodes.push(h("code", {}, unescape(match[1])));
      i += match[0].length;
    } else if (STYLES[char] && !wordy(text[i - 1]) && !/\s/.test(text[i + 1] ?? " ") && closing(text, i, char) > 0) {
      const end = closing(text, i, char);
      flush();
      nodes.push(h(STYLES[char], {}, inline(text.slice(i + 1, end))));
      i = end + 1;
    } else if (char === ":" && (match = rest.match(new RegExp(`^${SHORTCODE.source}`))) && emoji(match[1])) {
      flush();
      nodes.push(emojiNode(match[1]));
      i += match[0].length;
    } else if (char === "h" && !wordy(text[i - 1]) && (match = rest.match(/^https?:\/\/[^\s<>|*`]+[^\s<>|*`.,;:!?)'"]/))) {
      flush();
      nodes.push(link(unescape(match[0]), unescape(match[0])));
      i += match[0].length;
    } else {
      plain += char;
      i += 1;
    }
  }
  flush();
  return nodes;
}

const onlyEmoji = (text) => /^(\s*:[a-z0-9_+'-]+:\s*){1,20}$/.test(text) && [...text.matchAll(/:([a-z0-9_+'-]+):/g)].every((m) => emoji(m[1]));

/** A whole mrkdwn text: fenced code, quotes, lines. */
export function mrkdwn(text, { big = false } = {}) {
  const box = h("div.mrkdwn");
  if (big && onlyEmoji(text)) {
    box.append(...[...text.matchAll(/:([a-z0-9_+'-]+):/g)].map((m) => emojiNode(m[1], true)));
    return box;
  }
  text.split(/```/).forEach((part, n, parts) => {
    if (n % 2 && n < parts.length - 1) box.append(h("pre", {}, h("code", {}, unescape(part.replace(/^\n|\n$/g, "").replace(/<([^>|]+)(?:\|([^>]+))?>/g, (_, a, b) => b ?? a)))));
    else if (part) lines(n % 2 ? `\`\`\`${part}` : n ? part.replace(/^\n/, "") : part, box);
  });
  return box;
}

function lines(text, box) {
  let quoted = [];
  let plain = [];
  const endPlain = () => {
    if (plain.length) box.append(h("p", {}, spaced(plain.join("\n"))));
    plain = [];
  };
  const endQuote = () => {
    if (quoted.length) box.append(h("blockquote", {}, spaced(quoted.join("\n"))));
    quoted = [];
  };
  const all = text.replace(/\n$/, "").split("\n");
  for (let i = 0; i < all.length; i += 1) {
    const quote = all[i].match(/^(?:&gt;|>)(?!&gt;&gt;|>>) ?(.*)$/);
    const rest = all[i].match(/^(?:&gt;&gt;&gt;|>>>) ?(.*)$/);
    if (rest) {
      endPlain();
      quoted.push(rest[1], ...all.slice(i + 1));
      break;
    }
    if (quote) {
      endPlain();
      quoted.push(quote[1]);
    } else {
      endQuote();
      plain.push(all[i]);
    }
  }
  endPlain();
  endQuote();
}

const spaced = (text) => text.split("\n").flatMap((line, n) => (n ? [h("br"), ...inline(line)] : inline(line)));

/** A text object of Block Kit: {type: "mrkdwn"|"plain_text", text, emoji}. */
export function textObject(text) {
  if (!text) return "";
  if (typeof text === "string") return withEmoji(text);
  if (text.type === "mrkdwn") return mrkdwn(text.text);
  return text.emoji === false ? text.text : withEmoji(text.text);
}

export const plain = (text) => (typeof text === "string" ? text : text ? withEmoji(text.text ?? "") : "");

/** mrkdwn as one line of plain text, for labels and previews. */
export const preview = (text) => mrkdwn(text ?? "").textContent;
