// The form for a new schedule: which job, and when.
import { useEffect, useRef, useState } from "preact/hooks";
import { createSchedule } from "../api.js";
import { unfinished, useAttempt } from "../attempt.js";
import { useApp, useKind } from "../context.js";
import { placeOf } from "../catalog.js";
import { checkFilters, emptyFilters, errorAt, filtersOf, placesOf, valuesOf } from "../draft.js";
import { html } from "../html.js";
import { FieldError, FilterSet } from "./filters.js";
import { Notice } from "./notice.js";
import { When, localZone } from "./when.js";

const PREFIX = "schedule-filter-";
const TYPES = ["export", "sync"]; // a bulk save has a file, which is there once

/** plan is what the schedule shall start, as a form had it; onMade gets the schedule. */
export function NewSchedule({ plan, errors, setErrors, onMade }) {
  const { t, text, lang, kinds, tenant, titleOf, notify } = useApp();
  const offered = kinds?.filter((each) => TYPES.includes(each.type));
  const [what, setWhat] = useState(plan && { type: plan.type, name: plan.kind });
  const [filters, setFilters] = useState({}); // by place of the kind
  const [when, setWhen] = useState({ id: "", cron: "0 9 * * *", time_zone: localZone(), overlap: "skip", note: "" });
  const form = useRef(null);
  const title = useRef(null);
  useEffect(() => title.current.focus(), []);
  const { busy, notice, clear, refuse, reset, send } = useAttempt({ form, setErrors, type: "" });

  const { type, name } = what ?? offered?.[0] ?? {};
  const kind = useKind(type, name);
  const place = placeOf(type, name);
  const planned = plan?.type === type && plan?.kind === name ? plan.request : null; // its format, columns and file name too
  const values = kind && (filters[place] ?? (planned ? valuesOf(kind, planned.filters) : emptyFilters(kind)));
  const dated = kind?.filters.some((filter) => filter.type === "date" && values[filter.name]);

  const change = (part, at) => {
    setWhen((old) => ({ ...old, ...part }));
    clear(at);
  };
  function submit(event) {
    event.preventDefault();
    const wrong = [...checkFilters(kind, values, tenant, { t, text }), ...unfinished(form.current, PREFIX, t)];
    if (!when.cron.trim()) wrong.push({ pointer: "/cron", message: t("filter.required") });
    if (wrong.length) return refuse(wrong, { tone: "bad", text: t("new.invalid") });
    const { filters: _, ...rest } = planned ?? { locale: lang };
    const body = { type, kind: name, tenant, ...given(when), request: { ...rest, ...filtersOf(values) } };
    return send({ start: () => createSchedule(body).catch(unwrap), done, places: placesOf(kind, "/cron", "/time_zone", "/id", "/note"), failed: "schedule.failed" });
  }
  function done(schedule) {
    notify({ tone: "good", text: t("schedule.made", { kind: titleOf(schedule) }) });
    onMade(schedule);
    return null;
  }

  return html`<section class="panel new-schedule" aria-labelledby="new-schedule-title"><h2 id="new-schedule-title" ref=${title} tabindex="-1">${t("schedule.new")}</h2>
    <form ref=${form} novalidate onSubmit=${submit}>
      <div class="filters">
        <div class="field wide"><label class="label" for="schedule-kind">${t("schedule.what")}</label>
          <select id="schedule-kind" value=${place} onChange=${(e) => { const [next, ...rest] = e.currentTarget.value.split("/"); setWhat({ type: next, name: rest.join("/") }); reset(); }}>
            ${TYPES.map((each) => html`<optgroup key=${each} label=${t(`type.${each}`)}>${offered?.filter((one) => one.type === each)
              .map((one) => html`<option key=${one.name} value=${placeOf(each, one.name)}>${text(one.title)}</option>`)}</optgroup>`)}</select>
          <small class="hint">${tenant ? t("schedule.tenant", { tenant }) : t("tenant.missing")}</small></div>
      </div>
      ${kind ? html`<${FilterSet} key=${place} kind=${kind} prefix=${PREFIX} values=${values} errors=${errors} none=${t("schedule.filters.none")}
          onChange=${(next, at) => { setFilters((old) => ({ ...old, [place]: next })); clear(at); }} />
        ${dated && html`<p class="hint" id="dated">${t("schedule.dated")}</p>`}` : html`<div class="skeleton tall" />`}
      <${When} draft=${when} errors=${errors} prefix="schedule" onChange=${change} />
      <div class="field"><label class="label" for="schedule-id">${t("schedule.id")} <span class="hint">${t("new.optional")}</span></label>
        <input id="schedule-id" class="code" value=${when.id} maxlength="64" autocomplete="off" spellcheck="false" placeholder=${t("schedule.id.hint")}
          aria-invalid=${errorAt(errors, "/id") ? "true" : undefined} aria-describedby="schedule-id-error" onInput=${(e) => change({ id: e.currentTarget.value.trim() }, "/id")} />
        <${FieldError} id="schedule-id-error" text=${errorAt(errors, "/id")} /></div>
      <div role="status"><${Notice} notice=${notice} onAgain=${send} /></div>
      <div class="choices"><a role="button" class="quiet" href="#/schedules">${t("schedule.back")}</a>
        <button type="submit" id="make-schedule" disabled=${busy || !kind} aria-busy=${busy ? "true" : undefined}>${t("schedule.make")}</button></div>
    </form></section>`;
}

const given = (fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));

/** What is wrong with the job's request stands under /request; the form has the fields of the request itself. */
function unwrap(error) {
  for (const field of error.fields ?? []) field.pointer = field.pointer?.replace(/^\/request(?=\/)/, "");
  throw error;
}
