// Dates and times as the person acted as reads them: in that person's time zone.

import { state, userOf } from "./state.js";

const zone = (tz) => tz ?? userOf(state.me)?.tz ?? undefined;
const formats = new Map();

function format(options, tz) {
  const timeZone = zone(tz);
  const key = JSON.stringify([options, timeZone]);
  if (!formats.has(key)) {
    try {
      formats.set(key, new Intl.DateTimeFormat("en-US", { ...options, timeZone }));
    } catch {
      formats.set(key, new Intl.DateTimeFormat("en-US", options)); // a zone this browser does not know
    }
  }
  return formats.get(key);
}

export const dateOf = (ts) => new Date(Number(ts) * 1000);
export const clock = (date, tz) => format({ hour: "numeric", minute: "2-digit" }, tz).format(date);
export const dayKey = (date) => format({ year: "numeric", month: "2-digit", day: "2-digit" }).format(date);
export const full = (date) => format({ dateStyle: "full", timeStyle: "short" }).format(date);
export const localTime = (user) => format({ hour: "numeric", minute: "2-digit", timeZoneName: "short" }, user.tz ?? undefined).format(new Date());

const ordinal = (day) => day + (day > 10 && day < 14 ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th"));

function near(date) {
  const days = { Today: 0, Yesterday: -86400000, Tomorrow: 86400000 };
  return Object.keys(days).find((name) => dayKey(date) === dayKey(new Date(Date.now() + days[name])));
}

export function dayName(date) {
  const weekday = format({ weekday: "long" }).format(date);
  const month = format({ month: "long" }).format(date);
  const day = ordinal(Number(format({ day: "numeric" }).format(date)));
  const year = format({ year: "numeric" }).format(date);
  const thisYear = format({ year: "numeric" }).format(new Date());
  return near(date) ?? `${weekday}, ${month} ${day}${year === thisYear ? "" : `, ${year}`}`;
}

export function ago(date) {
  const seconds = Math.round((Date.now() - date) / 1000);
  const units = [[60, "second"], [60, "minute"], [24, "hour"], [30, "day"], [12, "month"], [Infinity, "year"]];
  let n = Math.abs(seconds);
  for (const [size, unit] of units) {
    if (n < size) return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.sign(seconds) * Math.floor(n), unit);
    n /= size;
  }
  return "";
}

const pretty = (name) => (date) => near(date)?.toLowerCase() ?? TOKENS[name](date);
const TOKENS = {
  date_num: (d) => {
    const part = Object.fromEntries(format({ year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(d).map((p) => [p.type, p.value]));
    return `${part.year}-${part.month}-${part.day}`;
  },
  date_slash: (d) => dayKey(d),
  date: (d) => format({ month: "long", day: "numeric", year: "numeric" }).format(d),
  date_short: (d) => format({ month: "short", day: "numeric", year: "numeric" }).format(d),
  date_long: (d) => format({ weekday: "long", month: "long", day: "numeric", year: "numeric" }).format(d),
  date_pretty: pretty("date"),
  date_short_pretty: pretty("date_short"),
  date_long_pretty: pretty("date_long"),
  day_divider_pretty: dayName,
  time: (d) => clock(d),
  time_secs: (d) => format({ hour: "numeric", minute: "2-digit", second: "2-digit" }).format(d),
  ago,
};

/** The template of <!date^seconds^template|fallback>, filled in; null when it has a token Slack does not know. */
export function fillDate(template, seconds) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return null;
  let unknown = false;
  const text = template.replace(/\{(\w+)\}/g, (_, name) => (TOKENS[name] ? TOKENS[name](date) : (unknown = true)));
  return unknown ? null : text;
}

/** Seconds since 1970 of "2026-08-01T14:30" read in the person's zone, and back. */
export function secondsOf(local) {
  const wanted = Date.parse(`${local}Z`);
  const shown = Date.parse(`${localOf(wanted / 1000)}Z`);
  return Math.round((wanted - (shown - wanted)) / 1000);
}

export function localOf(seconds) {
  const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const part = Object.fromEntries(format(options).formatToParts(new Date(seconds * 1000)).map((p) => [p.type, p.value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}
