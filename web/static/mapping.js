// Which column of an upload stands for which of its kind. Choices are names of the kind's columns by the place of the
// upload's, "" for one that is left out.

/** What the server took the columns for. */
export const choicesOf = (upload) => upload.columns.map((column) => column.column ?? "");

// As the server compares headers.
const normal = (header) => header.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{Nd}\p{M}]/gu, "") || header.trim();

/**
 * Why a column cannot be chosen: "nameless" or "twin", else "". A request names columns by their headers, so one without
 * cannot be named, and of two with the same header the first is meant.
 */
export function barOf(upload, place) {
  const header = normal(upload.columns[place].header);
  if (!header) return "nameless";
  return upload.columns.findIndex((column) => normal(column.header) === header) < place ? "twin" : "";
}

/** The choices after one more; a column of the kind that stood elsewhere moves. */
export const choose = (choices, place, name) =>
  choices.map((old, i) => (i === place ? name : old === name ? "" : old));

/** What no row could do without: {required: [field], groups: [[field]]}, of a group one is needed. */
export function gapsOf(kind, choices) {
  const free = (name) => !choices.includes(name);
  const field = (name) => kind.fields.find((each) => each.name === name);
  return {
    required: kind.fields.filter((each) => each.required && free(each.name)),
    groups: (kind.one_of ?? []).filter((group) => group.every(free)).map((group) => group.map(field)),
  };
}

/** The mapping of a request: every header with its column, so that nothing is left for the server to guess. */
export function mappingOf(upload, choices) {
  const named = upload.columns.map((column, i) => [column.header, choices[i]]).filter((_, i) => !barOf(upload, i));
  return Object.fromEntries(named);
}
