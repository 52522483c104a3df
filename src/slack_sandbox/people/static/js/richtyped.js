// Rich text back as it was typed, in the form in which texts are stored: mentions as ids, & < > escaped.

const MARKS = [["code", "`"], ["strike", "~"], ["italic", "_"], ["bold", "*"]];
const safe = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** The marks stand close to the words; blanks around them stay outside. */
function marked(text, style) {
  const [, before, words, after] = text.match(/^(\s*)(.*?)(\s*)$/s);
  return words ? before + MARKS.reduce((inner, [name, mark]) => (style?.[name] ? mark + inner + mark : inner), words) + after : text;
}

const PIECES = {
  text: (p) => marked(safe(p.text), p.style),
  link: (p) => marked(`<${safe(p.url)}${p.text ? `|${safe(p.text)}` : ""}>`, p.style),
  user: (p) => marked(`<@${p.user_id}>`, p.style),
  channel: (p) => `<#${p.channel_id}>`,
  broadcast: (p) => `<!${p.range}>`,
  emoji: (p) => `:${p.name}:`,
};

const line = (parts) => (parts ?? []).map((p) => PIECES[p.type]?.(p) ?? safe(p.text ?? p.fallback ?? p.value ?? "")).join("");

const SECTIONS = {
  rich_text_section: (s) => line(s.elements),
  rich_text_quote: (s) => line(s.elements).split("\n").map((each) => `> ${each}`).join("\n"),
  rich_text_preformatted: (s) => `\`\`\`\n${(s.elements ?? []).map((p) => safe(p.text ?? p.url ?? "")).join("")}\n\`\`\``,
  rich_text_list: (s) => (s.elements ?? []).map((item, n) => `${"  ".repeat(s.indent ?? 0)}${s.style === "ordered" ? `${(s.offset ?? 0) + n + 1}.` : "-"} ${line(item.elements)}`).join("\n"),
};

export const typedOf = (rich) => (rich?.elements ?? []).map((s) => SECTIONS[s.type]?.(s) ?? line([s])).join("\n");
