// What was asked for, in the words of the catalogue where it still knows them.
import { useApp, useKind } from "../context.js";
import { html } from "../html.js";

export function Request({ job }) {
  const { t, text } = useApp();
  const kind = useKind(job.kind);
  const request = job.request;
  if (!request) return null;
  const filters = Object.entries(request.filters ?? {});
  const header = (name) => text(kind?.columns.find((column) => column.name === name)?.header) || name;
  return html`<section class="panel facts-card"><h2>${t("job.request")}</h2><dl>
    ${filters.length === 0 && html`<dt>${t("new.filters")}</dt><dd class="muted">${t("job.request.none")}</dd>`}
    ${filters.map(([name, value]) => html`<${Filter} key=${name} name=${name} value=${value}
      filter=${kind?.filters?.find((each) => each.name === name)} />`)}
    <dt>${t("job.request.columns")}</dt>
    <dd>${request.columns?.length ? request.columns.map(header).join(", ") : html`<span class="muted">${t("job.request.columns.all")}</span>`}</dd>
    <dt>${t("new.format")}</dt><dd>${request.format || "xlsx"}</dd>
    ${request.filename && html`<dt>${t("new.filename")}</dt><dd>${request.filename}</dd>`}
  </dl></section>`;
}

function Filter({ name, value, filter }) {
  const { t, text } = useApp();
  const word = (one) => {
    if (filter?.type === "flag") return t(String(one) === "true" ? "flag.yes" : "flag.no");
    return text(filter?.choices?.find((choice) => choice.value === one)?.title) || String(one);
  };
  return html`<dt>${text(filter?.title) || name}</dt><dd>${[value].flat().map(word).join(", ")}</dd>`;
}
