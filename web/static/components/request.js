// What was asked for, in the words of the catalogue where it still knows them.
import { useApp, useKind } from "../context.js";
import { html } from "../html.js";

export function Request({ job }) {
  const { t, text } = useApp();
  const kind = useKind(job.type, job.kind);
  const request = job.request;
  if (!request) return null;
  if (job.type === "bulk_save") return html`<${SaveRequest} job=${job} kind=${kind} />`;
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

/** How a file was to be saved. An undo asks for nothing but the job that it undoes. */
function SaveRequest({ job, kind }) {
  const { t, text } = useApp();
  const { request, save } = job;
  if (request.undo) return null;
  const header = (name) => text(kind?.fields.find((field) => field.name === name)?.header) || name;
  const mapping = Object.entries(request.mapping ?? {});
  const left = mapping.filter(([, name]) => !name).map(([from]) => from);
  return html`<section class="panel facts-card"><h2>${t("job.request")}</h2><dl>
    <dt>${t("request.file")}</dt><dd>${save?.upload}</dd>
    ${mapping.filter(([, name]) => name).map(([from, name]) => html`<dt key=${from} class="from">${from}</dt><dd>${header(name)}</dd>`)}
    ${left.length > 0 && html`<dt>${t("map.leaveOut")}</dt><dd class="muted">${left.join(", ")}</dd>`}
    ${save?.skipped?.length > 0 && html`<dt>${t("request.skipped")}</dt><dd>${save.skipped.join(", ")}</dd>`}
    <dt>${t("request.duplicates")}</dt><dd>${t(`map.duplicates.${request.duplicates || "refuse"}`)}</dd>
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
