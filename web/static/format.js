// Numbers, sizes and times as people read them, in the browser's own time zone.

const makers = new Map();

/** Returns the formatters of a language; they are made once, Intl objects are dear. */
export function formatter(lang) {
  if (!makers.has(lang)) makers.set(lang, make(lang));
  return makers.get(lang);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

function make(lang) {
  const int = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
  const share = new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: 0 });
  const unit = (name, unitDisplay, digits = 0) => new Intl.NumberFormat(lang, {
    style: "unit", unit: name, unitDisplay, maximumFractionDigits: digits,
  });
  const [days, hours, minutes, seconds] = ["day", "hour", "minute", "second"].map((u) => unit(u, "narrow"));
  const [milliseconds, tenths] = [unit("millisecond", "narrow", 1), unit("second", "narrow", 1)];
  const [spelledMinutes, spelledSeconds] = ["minute", "second"].map((u) => unit(u, "short"));
  const sizes = UNITS.map((u, i) => unit(u, "short", i > 1 ? 1 : 0));
  const dateTime = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(lang, { month: "short", day: "numeric" });

  const zoned = new Map();
  const inZone = (zone) => {
    if (!zoned.has(zone)) {
      zoned.set(zone, new Intl.DateTimeFormat(lang, {
        timeZone: zone, month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
      }));
    }
    return zoned.get(zone);
  };

  // Two units at most, and the smaller only where it still tells something.
  function duration(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 60) return seconds.format(s);
    if (s < 3600) return pair(minutes, Math.floor(s / 60), seconds, s % 60);
    if (s < 86400) return pair(hours, Math.floor(s / 3600), minutes, Math.floor((s % 3600) / 60));
    return pair(days, Math.floor(s / 86400), hours, Math.floor((s % 86400) / 3600));
  }
  return {
    int: (n) => int.format(n),
    // A few a second, or fewer than one, are told with a decimal.
    rate: (n) => (n < 10 ? tenth : int).format(n),
    // Rounded down: 99.9 % is not done.
    percent: (part, whole) => share.format(whole > 0 ? Math.floor((part / whole) * 100) / 100 : 0),
    bytes(n) {
      const i = n < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(n) / 3));
      return sizes[i].format(n / 1000 ** i);
    },
    duration,
    // As a clock that runs down: 0:42, 12:03, 1:02:03.
    countdown(ms) {
      const s = Math.max(0, Math.ceil(ms / 1000));
      const two = (n) => String(n).padStart(2, "0");
      return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
    },
    // A short span as it is set: 100ms, 1.5s.
    millis: (ms) => (ms < 1000 ? milliseconds.format(ms) : tenths.format(ms / 1000)),
    // Day and clock, in a zone of the world or, without one, in the browser's.
    inZone: (iso, zone) => inZone(zone).format(new Date(iso)),
    // In round figures: a forecast to the second would be false precision, and would flicker.
    forecast(ms) {
      const s = Math.max(0, Math.round(ms / 1000));
      if (s < 55) return spelledSeconds.format(s < 10 ? s : Math.ceil(s / 5) * 5);
      if (s < 3570) return spelledMinutes.format(Math.round(s / 60));
      return duration(Math.round(s / 60) * 60000);
    },
    dateTime: (iso) => dateTime.format(new Date(iso)),
    // The clock alone for today, else the day with it.
    moment(iso, now) {
      const at = new Date(iso);
      const time = clock.format(at);
      return at.toDateString() === new Date(now).toDateString() ? time : `${day.format(at)} ${time}`;
    },
  };
}

function pair(big, a, small, b) {
  return b ? `${big.format(a)} ${small.format(b)}` : big.format(a);
}
