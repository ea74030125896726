// What was asked for, in the words of the catalogue where it still knows them.
import { useApp, useKind } from "../context.js";
import { html } from "../html.js";

export function Request({ job }) {
  const { t, text } = useApp();
  const kind = useKind(job.type, job.kind);
  const request = job.request;
  if (!request) return null;
  if (job.type === "bulk_save") return html`<${SaveRequest} job=${job} kind=${kind} />`;
  if (job.type === "sync") return html`<${SyncRequest} job=${job} kind=${kind} />`;
  const header = (name) => text(kind?.columns.find((column) => column.name === name)?.header) || name;
  return html`<section class="panel facts-card"><h2>${t("job.request")}</h2><dl>
    <${Filters} request=${request} kind=${kind} />
    <dt>${t("job.request.columns")}</dt>
    <dd>${request.columns?.length ? request.columns.map(header).join(", ") : html`<span class="muted">${t("job.request.columns.all")}</span>`}</dd>
    <dt>${t("new.format")}</dt><dd>${request.format || "xlsx"}</dd>
    ${request.filename && html`<dt>${t("new.filename")}</dt><dd>${request.filename}</dd>`}
  </dl></section>`;
}

/** How a file was to be saved. An undo asks for nothing but the job that it undoes. */
function SaveRequest({ job, kind }) {
  const { t } = useApp();
  const { request, save } = job;
  if (request.undo) return null;
  return html`<section class="panel facts-card"><h2>${t("job.request")}</h2><dl>
    <dt>${t("request.file")}</dt><dd>${save?.upload}</dd>
    <${Columns} request=${request} kind=${kind} />
    ${save?.skipped?.length > 0 && html`<dt>${t("request.skipped")}</dt><dd>${save.skipped.join(", ")}</dd>`}
    <dt>${t("request.duplicates")}</dt><dd>${t(`map.duplicates.${request.duplicates || "refuse"}`)}</dd>
  </dl></section>`;
}

/** What a sync was to send: a file, items of an earlier job, or what filters choose. */
function SyncRequest({ job, kind }) {
  const { t, fmt } = useApp();
  const { request, sync } = job;
  const { job: of, outcome, codes, positions } = request.retry ?? {};
  const rest = [outcome && t(`sync.outcome.${outcome}`), ...(codes ?? []).map((code) => t(`sync.code.${code}`)),
    positions?.length > 0 && t("sync.positions", { n: fmt.int(positions.length) })].filter(Boolean);
  return html`<section class="panel facts-card"><h2>${t("job.request")}</h2><dl>
    ${request.retry ? html`<dt>${t("sync.retryOf")}</dt><dd><a href=${`#/jobs/${of}`}><code>${of.slice(0, 8)}</code></a></dd>
        <dt>${t("sync.items")}</dt><dd>${rest.join(", ") || t("sync.retry.all")}</dd>`
      : request.upload ? html`<dt>${t("request.file")}</dt><dd>${sync?.upload ?? request.upload}</dd><${Columns} request=${request} kind=${kind} />`
      : html`<${Filters} request=${request} kind=${kind} />`}
    ${kind?.partner && html`<dt>${t("sync.partner.name")}</dt><dd>${kind.partner}</dd>`}
  </dl></section>`;
}

/** Which column of a file stood for which of the kind. */
function Columns({ request, kind }) {
  const { t, text } = useApp();
  const header = (name) => text(kind?.fields.find((field) => field.name === name)?.header) || name;
  const mapping = Object.entries(request.mapping ?? {});
  const left = mapping.filter(([, name]) => !name).map(([from]) => from);
  return html`${mapping.filter(([, name]) => name).map(([from, name]) => html`<dt key=${from} class="from">${from}</dt><dd>${header(name)}</dd>`)}
    ${left.length > 0 && html`<dt>${t("map.leaveOut")}</dt><dd class="muted">${left.join(", ")}</dd>`}`;
}

/** The filters of a request, as lines of a list of facts. */
export function Filters({ request, kind }) {
  const { t } = useApp();
  const filters = Object.entries(request?.filters ?? {});
  if (!filters.length) return html`<dt>${t("new.filters")}</dt><dd class="muted">${t("job.request.none")}</dd>`;
  return filters.map(([name, value]) => html`<${Filter} key=${name} name=${name} value=${value}
    filter=${kind?.filters?.find((each) => each.name === name)} />`);
}

function Filter({ name, value, filter }) {
  const { t, text } = useApp();
  const word = (one) => {
    if (filter?.type === "flag") return t(String(one) === "true" ? "flag.yes" : "flag.no");
    return text(filter?.choices?.find((choice) => choice.value === one)?.title) || String(one);
  };
  return html`<dt>${text(filter?.title) || name}</dt><dd>${[value].flat().map(word).join(", ")}</dd>`;
}
