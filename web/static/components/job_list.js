// The list of jobs with its filters.
import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "../context.js";
import { useNow } from "../hooks.js";
import { html } from "../html.js";
import { ended } from "../jobs.js";
import { problemOf } from "../problem.js";
import { Icon } from "./icon.js";
import { JobRow } from "./job_row.js";

const STATES = ["queued", "running", "paused", "waiting", "cancelling",
  "succeeded", "partially_succeeded", "failed", "cancelled", "timed_out"];

const TYPES = ["export", "bulk_save", "sync"];

/** jobs is what useJobs gives. */
export function JobList({ jobs, filter, setFilter, active }) {
  const { t, kinds, titleOf, notify } = useApp();
  const { rows, next, more, upsert } = jobs;
  const now = useNow(active && Boolean(rows?.some((job) => !ended(job))));
  const [busy, setBusy] = useState(false);
  const filtered = Boolean(filter.type || filter.state || filter.tenant);

  const byKind = (value) => { // TYPE/NAME, or TYPE/ for all of a type
    const [type = "", kind = ""] = value.split("/");
    setFilter({ ...filter, type, kind });
  };

  async function showMore() {
    setBusy(true);
    try {
      await more();
    } catch (error) {
      notify(problemOf(error, t));
    } finally {
      setBusy(false);
    }
  }

  return html`<section class="panel list" aria-labelledby="list-title">
    <div class="head">
      <h2 id="list-title" tabindex="-1">${t("list.title")}</h2>
      <div class="by">
        <${Select} name="kind" label=${t("list.kind")} value=${filter.type && `${filter.type}/${filter.kind}`} onChange=${byKind}>
          ${TYPES.map((type) => html`<optgroup key=${type} label=${t(`type.${type}`)}>
            <option value=${`${type}/`}>${t(`list.all.${type}`)}</option>
            ${kinds?.filter((kind) => kind.type === type).map((kind) => html`<option key=${kind.name} value=${`${type}/${kind.name}`}>
              ${titleOf({ type, kind: kind.name })}</option>`)}</optgroup>`)}</${Select}>
        <${Select} name="state" label=${t("list.state")} value=${filter.state} onChange=${(state) => setFilter({ ...filter, state })}>
          ${STATES.map((state) => html`<option key=${state} value=${state}>${t(`state.${state}`)}</option>`)}</${Select}>
        <${Tenant} value=${filter.tenant} onChange=${(tenant) => setFilter({ ...filter, tenant })} />
      </div>
    </div>
    ${rows?.length === 0 ? html`<${Empty} filtered=${filtered} onClear=${() => setFilter({ type: "", kind: "", state: "", tenant: "" })} />`
      : html`<table class="jobs" role="table" aria-labelledby="list-title" aria-busy=${rows ? undefined : "true"}>
      <thead role="rowgroup"><tr role="row">
        ${["job", "state", "progress", "started", "actions"].map((name) => html`<th key=${name} role="columnheader" scope="col"
          class=${`col-${name}`}>${t(`list.${name}`)}</th>`)}
      </tr></thead>
      <tbody role="rowgroup">
        ${rows ? rows.map((job) => html`<${JobRow} key=${job.id} job=${job} now=${now} onJob=${upsert} />`)
          : [1, 2, 3].map((i) => html`<tr key=${i} role="row"><td role="cell" colspan="5"><div class="skeleton" /></td></tr>`)}
      </tbody>
    </table>`}
    ${next && html`<button type="button" id="more" class="quiet wide" aria-busy=${busy ? "true" : undefined} disabled=${busy}
      onClick=${showMore}>${t("list.more")}</button>`}
  </section>`;
}

function Select({ name, label, value, onChange, children }) {
  const { t } = useApp();
  return html`<label><span>${label}</span><select name=${`list-${name}`} value=${value}
      onChange=${(e) => onChange(e.currentTarget.value)}>
    <option value="">${t("list.all")}</option>
    ${children}
  </select></label>`;
}

// Applied a moment after the last key, not at each.
const SETTLE = 350;

function Tenant({ value, onChange }) {
  const { t } = useApp();
  const [draft, setDraft] = useState(value);
  const applied = useRef(value);
  useEffect(() => { // cleared from elsewhere; what came from here must not undo the keys pressed since
    if (value === applied.current) return;
    applied.current = value;
    setDraft(value);
  }, [value]);
  useEffect(() => {
    const code = draft.trim();
    if (code === value) return undefined;
    const timer = setTimeout(() => {
      applied.current = code;
      onChange(code);
    }, SETTLE);
    return () => clearTimeout(timer);
  }, [draft]);
  return html`<label><span>${t("list.tenant")}</span><input name="list-tenant" list="tenants" autocomplete="off"
    spellcheck="false" maxlength="64" placeholder=${t("list.all")} value=${draft}
    onInput=${(e) => setDraft(e.currentTarget.value)} /></label>`;
}

function Empty({ filtered, onClear }) {
  const { t } = useApp();
  return html`<div class="empty"><${Icon} name="empty" />
    <strong>${t(filtered ? "list.none" : "list.empty")}</strong>
    ${filtered ? html`<button type="button" class="small quiet" onClick=${onClear}>${t("list.clear")}</button>`
      : html`<span>${t("list.empty.hint")}</span>`}
  </div>`;
}
