// Building and updating elements, without markup strings: nothing a person or an app writes is parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** h("button.primary", {onclick, ariaLabel: "Send"}, "Send"): `dataset`, `style` take objects; null and false are left out. */
export function h(tag, props, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) set(node, key, value);
  append(node, children);
  return node;
}

function set(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key === "class") node.className = [node.className, value].filter(Boolean).join(" ");
  else if (key === "dataset") Object.assign(node.dataset, value);
  else if (key === "style") for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
  else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (key in node && typeof value !== "string") node[key] = value;
  else node.setAttribute(attribute(key), value === true ? "" : value);
}

const attribute = (key) => (key.startsWith("aria") && !key.includes("-") ? `aria-${key.slice(4).toLowerCase()}` : key);

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
}

export function replace(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/** Make parent's children show items in order; a child is drawn again only when its signature changed. */
export function keyed(parent, items, { key, signature, draw }) {
  const before = new Map([...parent.children].map((node) => [node.__key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    const sign = signature(item);
    let node = before.get(id);
    before.delete(id);
    if (!node || node.__signature !== sign) {
      const fresh = draw(item, node);
      fresh.__key = id;
      fresh.__signature = sign;
      if (node) {
        if (place === node) place = fresh;
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of before.values()) node.remove();
}

const PATHS = {
  hash: "M4 9h16M4 15h16M10 3 8 21M16 3l-2 18",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  chevron: "m6 9 6 6 6-6",
  back: "m15 5-7 7 7 7",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 21 21",
  send: "M4 12 20 4l-5 17-3.5-7.5z",
  bolt: "M13 2 4 14h7l-1 8 9-12h-7z",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.5M15 9.5v.5",
  reply: "M21 12a8 8 0 0 1-8 8H4l2-3.2A8 8 0 1 1 21 12zM9 11h8M9 14.5h5",
  more: "M12 5.5v.5M12 12v.5M12 18.5v.5",
  pin: "M9 3h6l-1 6 4 4v2H6v-2l4-4zM12 15v6",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-3.5 2.5-6 6-6s6 2.5 6 6M16 4.500a3.5 3.5 0 0 1 0 6M17.5 14.500c2 .8 3.5 2.8 3.5 5.5",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.5 1.500M17.5 17.5 19 19M19 5l-1.5 1.500M6.5 17.5 5 19",
  moon: "M20 14.500A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.500z",
  half: "M12 21a9 9 0 1 0 0-18zM12 21a9 9 0 0 1 0-18",
  eye: "M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7-10-7-10-7zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  check: "m5 13 4 4L19 7",
  archive: "M3 5h18v4H3zM5 9v11h14V9M10 13h4",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v6M12 7.500v.5",
  warn: "M12 4 2.5 20h19zM12 10v5M12 17.500v.5",
  menu: "M4 7h16M4 12h16M4 17h16",
  door: "M10 4H5v16h5M14 8l5 4-5 4M19 12H9",
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  at: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM16 8v5.500a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.5 7.1",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, props = {}) {
  return h("button.icon-button", { type: "button", title: label, "aria-label": label, onclick, ...props }, icon(name));
}

let last = 0;
export const freshId = (stem) => `${stem}-${++last}`;
