// Shows /openapi.json. Everything is put in as text, never as HTML.

const el = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return node;
};

const nameOf = (ref) => ref.split("/").pop();

// typeOf words a schema in one line; named schemas become links.
function typeOf(schema) {
  if (!schema) return ["anything"];
  if (schema.$ref) return [el("a", { href: "#schema-" + nameOf(schema.$ref) }, nameOf(schema.$ref))];
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((v) => JSON.stringify(v)).join(" | ")];
  if (schema.oneOf) return schema.oneOf.flatMap((s, i) => (i ? [" | ", ...typeOf(s)] : typeOf(s)));
  const type = [].concat(schema.type ?? "anything").join(" | ");
  if (type === "array") return ["array of (", ...typeOf(schema.items), ")"];
  if (type === "object" && typeof schema.additionalProperties === "object" && !schema.properties)
    return ["object of (", ...typeOf(schema.additionalProperties), ")"];
  return [schema.format ? `${type} (${schema.format})` : type];
}

const limits = { minLength: "length ≥", maxLength: "length ≤", minimum: "≥", maximum: "≤", maxItems: "items ≤", default: "default" };

function about(schema, description) {
  const bounds = Object.entries(limits).filter(([k]) => schema?.[k] !== undefined).map(([k, word]) => `${word} ${schema[k]}`);
  return [description ?? schema?.description ?? "", bounds.join(", ")].filter(Boolean).join("; ");
}

function table(head, rows) {
  if (rows.length === 0) return null;
  return el("table", {},
    el("thead", {}, el("tr", {}, ...head.map((h) => el("th", {}, h)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, ...[].concat(cell)))))));
}

function properties(schema) {
  const required = new Set(schema.required ?? []);
  return table(["member", "type", ""], Object.entries(schema.properties ?? {}).map(([name, s]) => [
    [el("code", {}, name), required.has(name) ? " *" : ""], typeOf(s), about(s),
  ]));
}

function parameters(list = []) {
  return table(["parameter", "in", "type", ""], list.map((p) => [
    [el("code", {}, p.name), p.required ? " *" : ""], p.in, typeOf(p.schema), about(p.schema, p.description),
  ]));
}

function content(map = {}) {
  return Object.entries(map).flatMap(([type, media], i) => [i ? "; " : "", el("code", {}, type), " ", ...typeOf(media.schema)]);
}

function operation(method, path, op) {
  const body = op.requestBody ? el("p", {}, "Body: ", ...content(op.requestBody.content)) : null;
  const answers = table(["status", "", "body"], Object.entries(op.responses ?? {})
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([status, r]) => [
      status,
      [r.description ?? "", r.headers ? el("div", { class: "about" }, "headers: " + Object.keys(r.headers).join(", ")) : null],
      content(r.content),
    ]));
  return el("details", { id: op.operationId },
    el("summary", {}, el("span", { class: "method" }, method.toUpperCase()), " ", el("code", {}, path), " ",
      el("span", { class: "about" }, op.summary ?? "")),
    op.description ? el("p", {}, op.description) : null, parameters(op.parameters), body, answers);
}

function render(doc) {
  const main = el("main", { id: "main" },
    el("h1", {}, `${doc.info.title} API`), el("p", {}, doc.info.description ?? ""),
    el("p", {}, el("a", { href: "/openapi.json" }, "/openapi.json"), ` · OpenAPI ${doc.openapi} · version ${doc.info.version}`));
  const all = Object.entries(doc.paths).flatMap(([path, item]) =>
    ["get", "head", "post", "put", "patch", "delete"].filter((m) => item[m]).map((m) => ({ method: m, path, op: item[m] })));
  for (const tag of doc.tags ?? []) {
    main.append(el("h2", {}, tag.name), el("p", { class: "about" }, tag.description ?? ""),
      ...all.filter((o) => o.op.tags?.includes(tag.name)).map((o) => operation(o.method, o.path, o.op)));
  }
  main.append(el("h2", {}, "Problems"), table(["type", "status", "title", ""], (doc["x-problems"] ?? []).map((p) => [
    el("code", { id: p.type.split("#")[1] }, p.type), String(p.status), p.title, p.about,
  ])));
  main.append(el("h2", {}, "Schemas"), ...Object.entries(doc.components?.schemas ?? {}).map(([name, s]) =>
    el("details", { id: "schema-" + name }, el("summary", {}, el("code", {}, name)), properties(s) ?? el("p", {}, ...typeOf(s)))));
  document.getElementById("main").replaceWith(main);
}

// reveal opens and marks the section that the address names. :target would not do: the section did not
// exist yet when the page was loaded.
function reveal() {
  document.querySelector(".here")?.classList.remove("here");
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target instanceof HTMLDetailsElement) target.open = true;
  target.classList.add("here");
  target.scrollIntoView();
}

try {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  render(await response.json());
  addEventListener("hashchange", reveal);
  reveal();
} catch (error) {
  document.getElementById("main").append(el("p", {}, `The document could not be shown: ${error.message}`));
}
