// Standard Markdown, as in Block Kit's markdown block and in canvases, as elements.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelLink, emojiNode, link, mention } from "./mrkdwn.js";

const INLINE = [
  [/^`([^`]+)`/, (m) => h("code", {}, m[1])],
  [/^\*\*([^\n]+?)\*\*(?!\*)/, (m) => h("strong", {}, inline(m[1]))],
  [/^__([^\n]+?)__/, (m) => h("strong", {}, inline(m[1]))],
  [/^~~([^\n]+?)~~/, (m) => h("s", {}, inline(m[1]))],
  [/^\*([^*\s][^*\n]*?)\*/, (m) => h("em", {}, inline(m[1]))],
  [/^_([^_\s][^_\n]*?)_(?!\w)/, (m) => h("em", {}, inline(m[1]))],
  [/^!?\[([^\]\n]*)\]\(([^)\s]+)\)/, (m) => link(m[2], ...inline(m[1]))],
  [/^!?\[\]?\(([@#])(\w+)\)/, (m) => (m[1] === "@" ? mention(m[2]) : channelLink(m[2]))],
  [/^<@(\w+)(?:\|[^>]*)?>/, (m) => mention(m[1])],
  [/^<#(\w+)(?:\|([^>]*))?>/, (m) => channelLink(m[1], m[2])],
  [/^<(https?:[^>|]+)(?:\|([^>]*))?>/, (m) => link(m[1], m[2] ?? m[1])],
  [/^https?:\/\/[^\s<>)]+[^\s<>).,;:!?]/, (m) => link(m[0], m[0])],
  [/^:([a-z0-9_+'-]+):/, (m) => (emoji(m[1]) ? emojiNode(m[1]) : m[0])],
  [/^\\([\\`*_{}[\]()#+\-.!~|>])/, (m) => m[1]],
];

export function inline(text) {
  const nodes = [];
  let plain = "";
  for (let i = 0; i < text.length; ) {
    const rest = text.slice(i);
    const inWord = /\w/.test(text[i - 1] ?? " ") && /[_h]/.test(text[i]);
    const hit = !inWord && INLINE.map(([pattern, draw]) => [rest.match(pattern), draw]).find(([match]) => match);
    if (!hit) {
      plain += text[i++];
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(hit[1](hit[0]));
    i += hit[0][0].length;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

const ITEM = /^(\s*)(?:([-*+•])|(\d+)[.)])\s+(.*)$/;
const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

export function markdown(text) {
  const box = h("div.markdown");
  const lines = text.replace(/\r/g, "").split("\n");
  const top = Math.min(...lines.map((line) => line.match(/^(#{1,6})\s/)?.[1].length ?? 6));
  let i = 0;
  const take = (while_) => {
    const from = i;
    while (i < lines.length && while_(lines[i])) i += 1;
    return lines.slice(from, i);
  };
  while (i < lines.length) {
    const line = lines[i];
    const heading = line.match(/^(#{1,6})\s+(.*)$/);
    if (!line.trim()) i += 1;
    else if (/^```/.test(line)) {
      i += 1;
      box.append(h("pre", {}, h("code", {}, take((l) => !/^```/.test(l)).join("\n"))));
      i += 1;
    } else if (heading) {
      // Below the page's own headings, whichever the text begins with.
      box.append(h(`p.md-heading.md-heading-${Math.min(heading[1].length, 3)}`, { role: "heading", "aria-level": String(Math.min(3 + heading[1].length - top, 6)) }, inline(heading[2])));
      i += 1;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      box.append(h("hr"));
      i += 1;
    } else if (/^>/.test(line)) {
      const quoted = take((l) => /^>/.test(l)).map((l) => l.replace(/^> ?/, ""));
      box.append(h("blockquote", {}, ...markdown(quoted.join("\n")).childNodes));
    } else if (ITEM.test(line)) box.append(list(take((l) => ITEM.test(l) || /^\s+\S/.test(l))));
    else if (/\|/.test(line) && /^\s*\|?\s*:?-+/.test(lines[i + 1] ?? "")) box.append(table(take((l) => /\|/.test(l))));
    else box.append(h("p", {}, take((l) => l.trim() && !/^(```|#{1,6}\s|>)/.test(l) && !ITEM.test(l)).flatMap((l, n) => (n ? [h("br"), ...inline(l)] : inline(l)))));
  }
  return box;
}

function list(lines) {
  const indent = lines[0].match(ITEM)[1].length;
  const box = h(lines[0].match(ITEM)[3] ? "ol" : "ul", { start: lines[0].match(ITEM)[3] });
  for (let i = 0; i < lines.length; ) {
    const match = lines[i].match(ITEM);
    i += 1;
    const from = i;
    while (i < lines.length && !(ITEM.test(lines[i]) && lines[i].match(ITEM)[1].length <= indent)) i += 1;
    const task = match[4].match(/^\[([ xX])\]\s+(.*)$/);
    const body = task ? [h("span.task", { "aria-label": task[1] === " " ? "to do" : "done", role: "img" }, task[1] === " " ? "☐" : "☑"), " ", ...inline(task[2])] : inline(match[4]);
    const inner = lines.slice(from, i);
    const nested = inner.findIndex((l) => ITEM.test(l));
    const more = inner.slice(0, nested < 0 ? undefined : nested).flatMap((l) => [h("br"), ...inline(l.trim())]);
    box.append(h("li", {}, body, more, nested >= 0 ? list(inner.slice(nested)) : null));
  }
  return box;
}

function table(lines) {
  const [head, , ...rows] = lines.map(cells);
  return h("div.table-scroll", { tabindex: 0, role: "region", "aria-label": "Table" },
    h("table", {}, h("thead", {}, h("tr", {}, head.map((c) => h("th", { scope: "col" }, inline(c))))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((c) => h("td", {}, inline(c))))))));
}
