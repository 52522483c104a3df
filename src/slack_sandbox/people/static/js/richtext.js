// Block Kit's rich_text: sections, lists, quotes and preformatted text as elements.

import { h } from "./dom.js";
import { channelLink, dateNode, emojiNode, link, mention } from "./mrkdwn.js";

const WRAPS = [["code", "code"], ["strike", "s"], ["italic", "em"], ["bold", "strong"], ["underline", "u"]];

function styled(node, style) {
  return WRAPS.reduce((inner, [name, tag]) => (style?.[name] ? h(tag, {}, inner) : inner), node);
}

const breaks = (text) => text.split("\n").flatMap((line, n) => (n ? [h("br"), line] : [line]));

const PIECES = {
  text: (p) => styled(breaks(p.text), p.style),
  link: (p) => styled(link(p.url, p.text || p.url), p.style),
  user: (p) => styled(mention(p.user_id), p.style),
  channel: (p) => channelLink(p.channel_id, p.channel_id),
  usergroup: (p) => h("span.mention", {}, `@${p.usergroup_id}`),
  broadcast: (p) => h("span.mention.mention-all", {}, `@${p.range}`),
  emoji: (p) => emojiNode(p.skin_tone ? `${p.name}::skin-tone-${p.skin_tone}` : p.name),
  date: (p) => dateNode(p.timestamp, p.format, p.url, p.fallback),
  color: (p) => h("span.color", {}, h("span.swatch", { style: { background: p.value } }), p.value),
};

const pieces = (list) => list.map((p) => PIECES[p.type]?.(p) ?? p.text ?? "");

const SECTIONS = {
  rich_text_section: (s) => h("p", {}, pieces(s.elements)),
  rich_text_quote: (s) => h("blockquote", {}, h("p", {}, pieces(s.elements))),
  rich_text_preformatted: (s) => h("pre", {}, h("code", {}, s.elements.map((p) => p.text ?? p.url ?? ""))),
};

/** Lists of different indent follow each other in Slack's data; here they are nested. */
function nested(lists) {
  const root = h("div");
  const open = [{ indent: -1, box: root }];
  for (const list of lists) {
    const indent = list.indent ?? 0;
    while (open.at(-1).indent >= indent) open.pop();
    const parent = open.at(-1).box;
    const host = parent.matches?.("ul, ol") ? parent.lastElementChild ?? parent : parent;
    const same = [...host.children].at(-1);
    const tag = list.style === "ordered" ? "ol" : "ul";
    const box = same?.tagName.toLowerCase() === tag && same.parentElement !== root ? same : h(tag, { class: list.border ? "bordered" : "", start: list.offset ? String(list.offset + 1) : null });
    if (box !== same) host.append(box);
    box.append(...list.elements.map((item) => h("li", {}, pieces(item.elements ?? []))));
    open.push({ indent, box });
  }
  return [...root.childNodes];
}

export function richText(block) {
  const box = h("div.mrkdwn.rich");
  const all = block.elements ?? [];
  for (let i = 0; i < all.length; i += 1) {
    if (all[i].type !== "rich_text_list") {
      box.append(SECTIONS[all[i].type]?.(all[i]) ?? "");
      continue;
    }
    const lists = [];
    while (all[i]?.type === "rich_text_list") lists.push(all[i++]);
    i -= 1;
    box.append(...nested(lists));
  }
  return box;
}
