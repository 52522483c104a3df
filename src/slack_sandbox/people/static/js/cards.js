// Block Kit's cards, carousels, containers, plans and tasks.

import { drawBlock, drawBlocks, image } from "./blocks.js";
import { h } from "./dom.js";
import { element } from "./elements.js";
import { link, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";

export function card(block, where) {
  const part = (name, text) => (text ? h(`div.card-${name}`, {}, textObject(text)) : null);
  const buttons = block.actions?.length ? h("div.card-actions", {}, block.actions.map((el) => element(el, block, where))) : null;
  const picture = block.hero_image ? image(block.hero_image) : null;
  return h("div", {}, picture, h("div.card-text", {}, part("title", block.title), part("subtitle", block.subtitle), part("body", block.body), part("subtext", block.subtext), buttons));
}

export const carousel = (block, where) => h("div", { tabindex: 0, role: "region", "aria-label": "Cards" }, (block.elements ?? []).map((c) => drawBlock({ ...c, type: "card" }, where)));

export const container = (block, where) => h("div", {}, block.title ? h("p.card-title", {}, textObject(block.title)) : null, drawBlocks(block.child_blocks ?? block.blocks ?? block.elements ?? [], where));

const TASK_SIGNS = { complete: "✅", error: "⚠️", in_progress: "⏳", pending: "◻️" };

export function task(block) {
  const sources = block.sources?.length ? h("p.task-sources", {}, block.sources.map((s) => link(s.url, s.text ?? s.url))) : null;
  return h("div.task-card", {}, h("p", {}, h("span", { role: "img", "aria-label": block.status ?? "pending" }, TASK_SIGNS[block.status] ?? TASK_SIGNS.pending), " ", textObject(block.title)),
    [block.details, block.output].filter((rich) => rich?.elements).map(richText), sources);
}

export const plan = (block) => h("div", {}, h("p.card-title", {}, textObject(block.title)), (block.tasks ?? []).map(task));
