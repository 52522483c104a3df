// The blocks of one view (modal or App Home) in a box: drawn, and redrawn without losing what is typed or focused.

import { whereIn } from "./acting.js";
import { drawBlock } from "./blocks.js";
import { h, keyed } from "./dom.js";
import { fields, formValues, sent } from "./values.js";

export function viewForm(view) {
  const values = formValues(view.state?.values);
  const box = h("div.blocks");
  const where = whereIn({ view_id: view.id }, values, { heading: view.type === "home" ? 2 : 3 });
  let blocks = [];

  function show(next) {
    blocks = next.blocks;
    values.keepOnly(fields(blocks));
    const before = focusIn(box);
    keyed(box, blocks, { key: (b) => b.block_id, signature: JSON.stringify, draw: (b) => drawBlock(b, where) });
    restore(box, before);
  }

  show(view);
  return {
    box,
    show,
    /** What the inputs hold, by block_id. */
    entered: () => Object.fromEntries(fields(blocks).filter(([b]) => b.type === "input").map(([b, el]) => [b.block_id, sent(values.read(b, el))])),
    /** Put errors at their fields; answers those whose field is not here. */
    fail(errors) {
      const left = { ...errors };
      for (const node of box.children) {
        if (!node.fail) continue;
        node.fail(left[node.dataset.block] ?? null);
        delete left[node.dataset.block];
      }
      box.querySelector(".failed")?.querySelector("input, textarea, button")?.focus();
      return Object.values(left);
    },
  };
}

const FOCUSABLE = "input, textarea, button, a[href]";

function focusIn(box) {
  const node = document.activeElement;
  const block = box.contains(node) ? node.closest("[data-block]") : null;
  if (!block) return null;
  const at = [...block.querySelectorAll(FOCUSABLE)].indexOf(node);
  return { node, block: block.dataset.block, at, from: node.selectionStart, to: node.selectionEnd };
}

function restore(box, before) {
  if (!before || before.node === document.activeElement) return;
  const block = [...box.children].find((one) => one.dataset.block === before.block);
  const node = before.node.isConnected ? before.node : block?.querySelectorAll(FOCUSABLE)[before.at];
  node?.focus();
  if (typeof before.from === "number" && node?.setSelectionRange && /^(text|url|)$/.test(node.type ?? "")) node.setSelectionRange(before.from, before.to);
}
