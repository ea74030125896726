// The form that starts a sync: items chosen by filters, or the rows of a file.
import { useRef, useState } from "preact/hooks";
import { newKey, startSync, templateURL } from "../api.js";
import { unfinished, useAttempt } from "../attempt.js";
import { useApp, useKind } from "../context.js";
import { checkFilters, emptyFilters, filtersOf, placesOf } from "../draft.js";
import { useRemembered } from "../hooks.js";
import { html } from "../html.js";
import { useSending } from "../sending.js";
import { Drop } from "./drop.js";
import { Expected } from "./expected.js";
import { FilterSet } from "./filters.js";
import { Icon } from "./icon.js";
import { Kinds } from "./kinds.js";
import { Notice } from "./notice.js";
import { ScheduleThis } from "./schedule_this.js";

const PREFIX = "sync-filter-";

/** As NewExport and NewSave have them. */
export function NewSync({ onStarted, onSchedule, onUploaded, upload, errors, setErrors }) {
  const { t, text, lang, kinds, tenant } = useApp();
  const [name, setName] = useRemembered("sync", "");
  const [source, setSource] = useState("filters");
  const [drafts, setDrafts] = useState({}); // filters by kind, so that a look at another one loses nothing
  const form = useRef(null);
  const { busy, notice, clear, refuse, reset, send } = useAttempt({ form, setErrors, type: "sync" });

  const syncs = kinds?.filter((each) => each.type === "sync");
  const chosen = syncs?.find((each) => each.name === name) ?? syncs?.[0];
  const kind = useKind("sync", chosen?.name);
  const values = kind && (drafts[kind.name] ?? emptyFilters(kind));
  const { sending, problem, forget, send: sendFile, stop } = useSending({ type: "sync", kind: chosen?.name, onUploaded, setErrors });

  function choose(next) {
    setName(next);
    reset();
    forget();
  }
  function wrong() {
    const found = [...checkFilters(kind, values, tenant, { t, text }), ...unfinished(form.current, PREFIX, t)];
    if (found.length) refuse(found, { tone: "bad", text: t("new.invalid") });
    return found.length > 0;
  }
  function submit(event) {
    event.preventDefault();
    if (source === "file" || wrong()) return undefined;
    const [body, key] = [{ tenant, locale: lang, ...filtersOf(values) }, newKey()]; // one key for one press, as for an export
    return send({ start: () => startSync(kind.name, body, key), done, places: placesOf(kind), failed: "sync.failed" });
  }
  function done(job) {
    onStarted(job);
    return { tone: "good", text: t("sync.started"), href: `#/jobs/${job.id}`, link: t("new.open") };
  }
  const schedule = () => !wrong() && onSchedule({ type: "sync", kind: kind.name, tenant, request: { locale: lang, ...filtersOf(values) } });

  const waiting = upload && { tone: "info", text: t("upload.ready.sync", { name: upload.name }), href: `#/uploads/${upload.id}`, link: t("upload.open") };
  return html`<form ref=${form} novalidate onSubmit=${submit}>
    <div class="scroll">
      <${Kinds} name="sync" legend=${t("sync.kind")} kinds=${syncs} chosen=${chosen} disabled=${Boolean(sending)} onChoose=${choose} />
      ${kind ? html`<p class="traits"><span>${t("sync.partner", { partner: kind.partner })}</span>
          ${kind.per_call > 1 && html`<span>${t("sync.perCall", { n: kind.per_call })}</span>`}
          ${kind.in_order && html`<span>${t("sync.inOrder", { field: fieldName(kind, kind.in_order, text) })}</span>`}</p>
        <fieldset class="source" disabled=${Boolean(sending)}><legend>${t("sync.source")}</legend><div class="switch">
          ${["filters", "file"].map((each) => html`<label key=${each}><input type="radio" name="source" value=${each} checked=${source === each}
            onChange=${() => { setSource(each); reset(); }} /><span>${t(`sync.source.${each}`)}</span></label>`)}</div></fieldset>
        ${source === "file" ? html`<${Expected} key=${kind.name} kind=${kind} />
          <a class="template" href=${templateURL("sync", kind.name, lang)} download><${Icon} name="download" />${t("upload.template")}</a>`
          : html`<${FilterSet} key=${kind.name} kind=${kind} prefix=${PREFIX} values=${values} errors=${errors} none=${t("sync.filters.none")}
            onChange=${(filters, place) => { setDrafts((old) => ({ ...old, [kind.name]: filters })); clear(place); }} />`}`
        : (chosen || !kinds) && html`<div class="skeleton tall" />`}
    </div>
    <footer>
      ${source === "file" ? html`<div role="status"><${Notice} notice=${problem ?? (sending ? null : waiting)} onAgain=${sendFile} /></div>
        <${Drop} id="sync-file" sending=${sending} ready=${Boolean(kind)} onFiles=${sendFile} onStop=${stop} />`
        : html`<div role="status"><${Notice} notice=${notice} onAgain=${send} /></div>
        <div class="go"><${ScheduleThis} disabled=${busy || !kind} onClick=${schedule} />
          <button type="submit" id="start-sync" aria-busy=${busy ? "true" : undefined} disabled=${busy || !kind}>
            ${busy ? t("new.starting") : t("sync.start")}</button></div>`}
    </footer>
  </form>`;
}

/** A field of a kind in words. */
export const fieldName = (kind, name, text) => text(kind.fields.find((field) => field.name === name)?.header) || name;
