// Block Kit's layout blocks as elements, the same in messages, modals and App Home.

import { card, carousel, container, plan, task } from "./cards.js";
import { freshId, h, icon } from "./dom.js";
import { element } from "./elements.js";
import { markdown } from "./markdown.js";
import { link, mrkdwn, plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { chart, table } from "./tables.js";

export function drawBlock(block, where) {
  const draw = BLOCKS[block.type];
  const node = draw ? draw(block, where) : h("p.unknown", {}, `This block is not shown here: ${block.type}`);
  node.classList.add("block", `block-${block.type}`);
  node.dataset.block = block.block_id ?? "";
  return node;
}

export const drawBlocks = (blocks, where) => h("div.blocks", {}, blocks.map((block) => drawBlock(block, where)));

function section(block, where) {
  const accessory = block.accessory && (block.accessory.type === "image" ? image(block.accessory, "thumb") : element(block.accessory, block, where));
  const text = block.text ? h("div.section-text", {}, textObject(block.text)) : null;
  const facts = block.fields ? h("div.section-fields", {}, block.fields.map((f) => h("div.section-field", {}, textObject(f)))) : null;
  return h("div", {}, h("div.section-main", {}, text, facts), accessory ? h("div.section-accessory", {}, accessory) : null);
}

export function image(el, kind = "full") {
  const src = el.image_url ?? el.slack_file?.url ?? "";
  if (!/^(https:|data:image|\/)/.test(src) && !src.startsWith(location.origin)) return h("span.image-missing", { role: "img", "aria-label": el.alt_text }, icon("file"), el.alt_text);
  const failed = (event) => event.target.replaceWith(h("span.image-missing", { role: "img", "aria-label": el.alt_text }, icon("file"), el.alt_text));
  return h(`img.image-${kind}`, { src, alt: el.alt_text ?? "", loading: "lazy", referrerpolicy: "no-referrer", onerror: failed });
}

function imageBlock(block) {
  const title = block.title ? h("figcaption", {}, textObject(block.title)) : null;
  return h("figure", {}, title, image(block));
}

function context(block) {
  return h("div", {}, block.elements.map((el) => (el.type === "image" ? image(el, "tiny") : h("span.context-text", {}, textObject(el)))));
}

/** A labelled field with its hint and its error. */
function input(block, where) {
  const id = freshId("field");
  const label = plain(block.label);
  const hint = block.hint ? h("p.field-hint", { id: `${id}-hint` }, textObject(block.hint)) : null;
  const error = h("p.field-error", { id: `${id}-error`, hidden: true }, icon("warn"), h("span"));
  const node = element(block.element, block, where, { label, describedby: `${id}-error${hint ? ` ${id}-hint` : ""}` });
  const box = h("div", {}, h("div.field-label", { "aria-hidden": "true" }, label, block.optional ? h("span.field-optional", {}, " (optional)") : null), node, error, hint);
  box.fail = (text) => {
    const field = box.querySelector("input, textarea, [role=group], [role=radiogroup]");
    error.hidden = !text;
    error.querySelector("span").textContent = text ?? "";
    box.classList.toggle("failed", Boolean(text));
    if (text) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
    if (field?.matches("[role=group], [role=radiogroup]")) field.removeAttribute("aria-invalid");
  };
  if (!block.optional) box.querySelector("input, textarea")?.setAttribute("aria-required", "true");
  box.querySelectorAll("input[type=checkbox], input[type=radio]").forEach((one) => one.removeAttribute("aria-required"));
  box.addEventListener("input", () => box.fail(null));
  return box;
}

const BLOCKS = {
  section,
  input,
  context,
  table,
  data_table: table,
  card,
  image: imageBlock,
  rich_text: richText,
  divider: () => h("hr"),
  header: (block, where) => h("p", { role: "heading", "aria-level": String(where.heading) }, plain(block.text)),
  actions: (block, where) => h("div", {}, block.elements.map((el) => element(el, block, where))),
  context_actions: (block, where) => h("div", {}, block.elements.map((el) => element(el, block, where))),
  markdown: (block) => h("div", {}, markdown(block.text)),
  alert: (block) => h(`div.alert-${block.level ?? "default"}`, { role: "note" }, icon(/warn|error/.test(block.level) ? "warn" : "info"), textObject(block.text)),
  carousel,
  container,
  plan,
  task_card: task,
  data_visualization: chart,
  file: (block) => h("div", {}, icon("file"), block.external_id ?? "File"),
  video: (block) => h("figure", {}, h("figcaption", {}, block.title_url ? link(block.title_url, plain(block.title)) : plain(block.title)), block.thumbnail_url ? image({ image_url: block.thumbnail_url, alt_text: block.alt_text }) : null),
};

/** Legacy attachments: a coloured bar with text, fields or blocks. */
export function attachment(a, where) {
  const color = { good: "#1a7f4b", warning: "#c98a06", danger: "#c0263a" }[a.color] ?? (/^#?[0-9a-f]{6}$/i.test(a.color ?? "") ? `#${a.color.replace("#", "")}` : null);
  const title = a.title ? h("strong", {}, a.title_link ? link(a.title_link, a.title) : a.title) : null;
  const facts = a.fields?.length ? h("div.section-fields", {}, a.fields.map((f) => h("div.section-field", {}, h("strong", {}, f.title), mrkdwn(f.value ?? "")))) : null;
  return h("div.attachment", { style: color ? { "border-left-color": color } : {} },
    a.pretext ? mrkdwn(a.pretext) : null, title, a.text ? mrkdwn(a.text) : null, facts, a.blocks ? drawBlocks(a.blocks, where) : null, a.footer ? h("small", {}, a.footer) : null);
}
