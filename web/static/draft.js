// What has been entered for a new export or sync, and the request that it makes.

/** An empty draft of a kind of export: every column, no filter. */
export const emptyDraft = (kind) =>
  ({ filters: emptyFilters(kind), columns: new Set(kind.columns.map((column) => column.name)), filename: "" });

/** The filters of a kind, by name, with nothing in them. */
export const emptyFilters = (kind) => Object.fromEntries(kind.filters.map((filter) => [filter.name, blank(filter)]));

const blank = (filter) => (filter.type === "flag" ? false : filter.many ? [] : "");

/** The body of POST /v1/exports/{kind}; what is at its default is left out. */
export function requestOf(kind, draft, { tenant, format, locale }) {
  const body = { tenant, format, locale, ...filtersOf(draft.filters) };
  if (draft.columns.size < kind.columns.length) {
    body.columns = kind.columns.map((column) => column.name).filter((name) => draft.columns.has(name));
  }
  const filename = draft.filename.trim();
  if (filename) body.filename = filename;
  return body;
}

/** The filters of a request as {filters}; {} where none is given. */
export function filtersOf(values) {
  const given = Object.entries(values).filter(([, value]) => (Array.isArray(value) ? value.length : value));
  if (!given.length) return {};
  return { filters: Object.fromEntries(given.map(([name, value]) => [name, value === true ? "true" : value])) };
}

/** The values for a form of the filters of a request, which may have one value where the form has a list. */
export function valuesOf(kind, filters = {}) {
  const values = emptyFilters(kind);
  for (const { name, type, many } of kind.filters) {
    const given = [filters[name] ?? []].flat().map(String);
    if (given.length) values[name] = type === "flag" ? given[0] === "true" : many ? given : given[0];
  }
  return values;
}

/** What can be told of an export without asking the API, as [{pointer, message}] with our own words. */
export function check(kind, draft, tenant, words) {
  const found = checkFilters(kind, draft.filters, tenant, words);
  if (draft.columns.size === 0) found.push({ pointer: "/columns", message: words.t("new.columns.missing") });
  return found;
}

/** The same of tenant and filters alone. */
export function checkFilters(kind, values, tenant, { t, text }) {
  const found = [];
  if (!tenant) found.push({ pointer: "/tenant", message: t("tenant.missing") });
  for (const filter of kind.filters) {
    const value = values[filter.name];
    if (filter.required && (Array.isArray(value) ? !value.length : !value)) {
      found.push({ pointer: `/filters/${filter.name}`, message: t("filter.required") });
    }
    const other = kind.filters.find((each) => each.name === filter.not_after);
    if (other && exceeds(filter.type, value, values[other.name])) {
      found.push({ pointer: `/filters/${filter.name}`, message: t("filter.notAfter", { other: text(other.title) }) });
    }
  }
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

/** The places that the form of a kind has a field for, besides others of it. */
export const placesOf = (kind, ...others) => ["/tenant", ...others, ...kind.filters.map((filter) => `/filters/${filter.name}`)];

/** The errors that no field shows. */
export const strayErrors = (errors, places) => errors.filter((error) => !places.some((place) => under(error.pointer, place)));
