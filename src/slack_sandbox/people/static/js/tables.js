// Block Kit's tables and charts; a chart is shown as its numbers with bars, which everybody can read.

import { h } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { richText } from "./richtext.js";

function cell(content) {
  if (!content) return "";
  if (content.type === "rich_text") return richText(content);
  if (content.type === "raw_text") return content.text;
  return String(content.text ?? content.value ?? "");
}

export function table(block) {
  const [head, ...rows] = block.rows ?? [];
  const look = (n) => ({ class: `align-${block.column_settings?.[n]?.align ?? "left"}${block.column_settings?.[n]?.is_wrapped ? " wrapped" : ""}` });
  return h("div.table-scroll", { tabindex: 0, role: "region", "aria-label": plain(block.caption) || "Table" }, h("table", {},
    h("thead", {}, h("tr", {}, (head ?? []).map((c, n) => h("th", { scope: "col", ...look(n) }, cell(c))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((c, n) => h("td", look(n), cell(c))))))));
}

/** One row per category or segment, one column per series. */
export function chart(block) {
  const { segments, series = [{ name: "Value", data: segments ?? [] }], axis_config: axis } = block.chart ?? {};
  const labels = axis?.categories ?? [...new Set(series.flatMap((s) => s.data.map((d) => d.label)))];
  const most = Math.max(1, ...series.flatMap((s) => s.data.map((d) => Math.abs(d.value))));
  const bar = (value) => (value === undefined ? "" : [h("span.bar", { style: { width: `${Math.round((Math.abs(value) / most) * 110)}px` } }), String(value)]);
  const title = plain(block.title);
  return h("figure", {}, h("figcaption.card-title", {}, title), h("div.table-scroll", { tabindex: 0, role: "region", "aria-label": title || "Chart" }, h("table.chart", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, axis?.x_label ?? ""), series.map((s) => h("th", { scope: "col" }, s.name)))),
    h("tbody", {}, labels.map((label) => h("tr", {}, h("th", { scope: "row" }, label), series.map((s) => h("td", {}, bar(s.data.find((d) => d.label === label)?.value)))))))));
}
