// What a person has chosen or typed in one view or message, by block_id and action_id: kept while the app updates it.

import { typedOf } from "./richtyped.js";

/**
 * A choice is {value, label}; texts are strings; several choices are lists.
 * `state` is what the sandbox knows already: the state.values of a view.
 */
export function formValues(state = {}) {
  const kept = new Map();
  const dirty = new Map();
  const keyOf = (block, el) => [block.block_id, el.action_id, el.type].join("\u0000");
  return {
    read(block, el) {
      const key = keyOf(block, el);
      if (kept.has(key)) return kept.get(key);
      const known = state[block.block_id]?.[el.action_id];
      return known ? heldBy(known) : initial(el);
    },
    write(block, el, value) {
      kept.set(keyOf(block, el), value);
      dirty.set(keyOf(block, el), [block, el, value]);
    },
    /** What changed since the last call. */
    takeChanged() {
      const changed = [...dirty.values()];
      dirty.clear();
      return changed;
    },
    /** Forget inputs that are no longer there, as Slack does. */
    keepOnly(pairs) {
      const still = new Set(pairs.map(([block, el]) => keyOf(block, el)));
      for (const key of kept.keys()) if (!still.has(key)) kept.delete(key);
    },
  };
}

/** The value as the sandbox takes it: option values and ids instead of choices. */
export function sent(value) {
  if (Array.isArray(value)) return value.map(sent);
  return value && typeof value === "object" ? value.value : value ?? null;
}

const MULTI = /^multi_|^checkboxes$|^file_input$/;

const choice = (o) => o && { value: o.value, label: o.text?.text ?? o.value };

/** The value in one element's entry of a payload's state. */
function heldBy({ type, ...state }) {
  const [key, value] = Object.entries(state)[0] ?? [];
  if (value === null || value === undefined) return MULTI.test(type) ? [] : null;
  if (key === "rich_text_value") return typedOf(value);
  if (key === "selected_date_time") return String(value);
  if (key === "files") return value.map((f) => ({ value: f.id, label: f.name }));
  if (key === "selected_option") return choice(value);
  if (key === "selected_options") return value.map(choice);
  if (/^selected_(user|conversation|channel)s$/.test(key)) return value.map((id) => ({ value: id }));
  if (/^selected_(user|conversation|channel)$/.test(key)) return { value };
  return value;
}

/** What the app set as the start value of an element. */
function initial(el) {
  if (el.initial_option) return choice(el.initial_option);
  if (el.initial_options) return el.initial_options.map(choice);
  for (const what of ["user", "conversation", "channel"]) {
    if (el[`initial_${what}`]) return { value: el[`initial_${what}`] };
    if (el[`initial_${what}s`]) return el[`initial_${what}s`].map((value) => ({ value }));
  }
  if (el.initial_date_time) return String(el.initial_date_time);
  if (el.type === "rich_text_input" && el.initial_value?.elements) return typedOf(el.initial_value);
  return el.initial_date ?? el.initial_time ?? el.initial_value ?? (MULTI.test(el.type) ? [] : null);
}

const hasForm = (el) => el && /select|checkboxes|radio|picker|input/.test(el.type);

/** Every [block, element] of a list of blocks that holds a value. */
export function fields(blocks) {
  return blocks.flatMap((block) => {
    const all = block.type === "input" ? [block.element] : block.type === "section" ? [block.accessory] : block.type === "actions" ? block.elements : [];
    return all.filter(hasForm).map((el) => [block, el]);
  });
}
