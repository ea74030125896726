// What has been entered for a new export, and the request that it makes.

/** An empty draft of a kind: every column, no filter. */
export function emptyDraft(kind) {
  const filters = {};
  for (const filter of kind.filters) filters[filter.name] = blank(filter);
  return { filters, columns: new Set(kind.columns.map((column) => column.name)), filename: "" };
}

const blank = (filter) => (filter.type === "flag" ? false : filter.many ? [] : "");

/** The body of POST /v1/exports/{kind}; what is at its default is left out. */
export function requestOf(kind, draft, { tenant, format, locale }) {
  const body = { tenant, format, locale };
  const given = Object.entries(draft.filters).filter(([, value]) => (Array.isArray(value) ? value.length : value));
  if (given.length) body.filters = Object.fromEntries(given.map(([name, value]) => [name, value === true ? "true" : value]));
  if (draft.columns.size < kind.columns.length) {
    body.columns = kind.columns.map((column) => column.name).filter((name) => draft.columns.has(name));
  }
  const filename = draft.filename.trim();
  if (filename) body.filename = filename;
  return body;
}

/** What can be told without asking the API, as [{pointer, message}] with our own words. */
export function check(kind, draft, tenant, { t, text }) {
  const found = [];
  if (!tenant) found.push({ pointer: "/tenant", message: t("tenant.missing") });
  for (const filter of kind.filters) {
    const value = draft.filters[filter.name];
    if (filter.required && (Array.isArray(value) ? !value.length : !value)) {
      found.push({ pointer: `/filters/${filter.name}`, message: t("filter.required") });
    }
    const other = kind.filters.find((each) => each.name === filter.not_after);
    if (other && exceeds(filter.type, value, draft.filters[other.name])) {
      found.push({ pointer: `/filters/${filter.name}`, message: t("filter.notAfter", { other: text(other.title) }) });
    }
  }
  if (draft.columns.size === 0) found.push({ pointer: "/columns", message: t("new.columns.missing") });
  return found;
}

function exceeds(type, value, limit) {
  if (!value || !limit) return false;
  return type === "integer" ? Number(value) > Number(limit) : value > limit; // YYYY-MM-DD sorts as text
}

/** Whether a pointer into the body lies at or under a place, e.g. /filters/sku/3 under /filters/sku. */
export const under = (pointer, place) => pointer === place || pointer?.startsWith(`${place}/`);

/** The messages about one place, joined; "" if there is none. */
export const errorAt = (errors, place) =>
  errors.filter((error) => under(error.pointer, place)).map((error) => error.message).join(" · ");

/** The errors that no field of the form shows. */
export function strayErrors(errors, kind) {
  const places = ["/tenant", "/columns", "/format", "/filename"];
  for (const filter of kind.filters) places.push(`/filters/${filter.name}`);
  return errors.filter((error) => !places.some((place) => under(error.pointer, place)));
}
