// Cron expressions of five fields in plain words, as far as plain words are shorter than the expression.

const FIELDS = [
  { min: 0, max: 59 }, { min: 0, max: 23 }, { min: 1, max: 31 },
  { min: 1, max: 12, names: "jan feb mar apr may jun jul aug sep oct nov dec".split(" ") },
  { min: 0, max: 7, names: "sun mon tue wed thu fri sat".split(" ") },
];

const MOST_TIMES = 6; // more of them are no plain words

/** A field as {all} or {step} or {values}; null where it is none. */
function read(text, { min, max, names = [] }) {
  if (text === "*") return { all: true };
  const value = (word) => {
    const named = names.indexOf(word.toLowerCase());
    const n = named >= 0 ? min + named : /^\d+$/.test(word) ? Number(word) : NaN;
    return n >= min && n <= max ? n : NaN;
  };
  const step = /^\*\/(\d+)$/.exec(text);
  if (step) return Number(step[1]) > 0 ? { step: Number(step[1]) } : null;
  const values = new Set();
  for (const item of text.split(",")) {
    const [, span, by = "1"] = /^([^/]+)(?:\/(\d+))?$/.exec(item) ?? [];
    if (!span || Number(by) < 1) return null;
    const [from, to = from] = span === "*" ? [min, max] : span.split("-").map(value);
    if (!(from <= to)) return null;
    for (let n = from; n <= to; n += Number(by)) values.add(n);
  }
  return { values: [...values].sort((a, b) => a - b) };
}

const two = (n) => String(n).padStart(2, "0");

/** The times of day: {clock: "09:00, 18:00"} or {every: words}; null where words would not be plain. */
function times(minute, hour, t) {
  if (minute.all) return hour.all ? { every: t("cron.minute") } : null;
  if (minute.step) {
    const often = { n: minute.step };
    if (hour.all) return { every: t("cron.minutes", often) };
    const hours = hour.values;
    if (!hours || hours.at(-1) - hours[0] !== hours.length - 1) return null;
    return { every: t("cron.minutes.within", { ...often, from: `${two(hours[0])}:00`, to: `${two(hours.at(-1))}:59` }) };
  }
  const minutes = minute.values;
  if (minutes.length === 1 && !hour.values) {
    return { every: t(hour.all ? "cron.hour" : "cron.hours", { minute: two(minutes[0]), n: hour.step ?? 1 }) };
  }
  if (!hour.values || hour.values.length * minutes.length > MOST_TIMES) return null;
  return { clock: hour.values.flatMap((h) => minutes.map((m) => `${two(h)}:${two(m)}`)).join(", ") };
}

/** The days, "" for all of them; null where words would not be plain. */
function days(day, month, weekday, t, lang) {
  if (day.step || month.step || weekday.step) return null;
  const named = (options, at) => new Intl.DateTimeFormat(lang, { timeZone: "UTC", ...options }).format(at);
  const parts = [];
  if (day.values) parts.push(t("cron.dates", { days: day.values.join(", ") }));
  if (weekday.values) parts.push(week([...new Set(weekday.values.map((n) => n % 7))].sort((a, b) => a - b), t, (n) => named({ weekday: "long" }, Date.UTC(2023, 0, 1 + n))));
  const which = parts.length === 2 ? t("cron.either", { a: parts[0], b: parts[1] }) : parts[0] ?? ""; // as every crontab has it
  if (!month.values) return which && (day.values ? t("cron.monthly", { days: which }) : which);
  const months = month.values.map((n) => named({ month: "long" }, Date.UTC(2023, n - 1, 1))).join(", ");
  return t("cron.months", { months, days: which || t("cron.daily") });
}

function week(numbers, t, name) {
  const set = numbers.join("");
  if (set === "12345") return t("cron.weekdays");
  if (set === "06") return t("cron.weekend");
  if (set === "0123456") return t("cron.daily");
  return t("cron.on", { days: numbers.map(name).join(", ") });
}

/** The expression in words, "" where there are none that are plain. */
export function cronWords(cron, t, lang) {
  const parts = cron.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return "";
  const [minute, hour, day, month, weekday] = parts.map((part, i) => read(part, FIELDS[i]));
  if (![minute, hour, day, month, weekday].every(Boolean)) return "";
  const when = times(minute, hour, t);
  const which = days(day, month, weekday, t, lang);
  if (!when || which === null) return "";
  if (when.every) return which ? t("cron.span", { days: which, every: when.every }) : when.every;
  return t("cron.clock", { days: which || t("cron.daily"), times: when.clock });
}
