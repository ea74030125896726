// The form that starts an export.
import { useRef, useState } from "preact/hooks";
import { newKey, startExport } from "../api.js";
import { unfinished, useAttempt } from "../attempt.js";
import { useApp, useKind } from "../context.js";
import { check, emptyDraft, errorAt, placesOf, requestOf } from "../draft.js";
import { useRemembered } from "../hooks.js";
import { html } from "../html.js";
import { Columns } from "./columns.js";
import { FieldError, FilterSet } from "./filters.js";
import { Kinds } from "./kinds.js";
import { Notice } from "./notice.js";
import { ScheduleThis } from "./schedule_this.js";

/**
 * onStarted gets the new job, onSchedule what would have been started, as {type, kind, tenant, request}; errors are
 * [{pointer, message}] of the last attempt.
 */
export function NewExport({ onStarted, onSchedule, errors, setErrors }) {
  const { t, text, lang, kinds, tenant } = useApp();
  const [name, setName] = useRemembered("kind", "");
  const [format, setFormat] = useRemembered("format", "xlsx");
  const [drafts, setDrafts] = useState({}); // by kind, so that a look at another one loses nothing
  const form = useRef(null);
  const { busy, notice, clear, refuse, reset, send } = useAttempt({ form, setErrors, type: "export" });

  const exports = kinds?.filter((each) => each.type === "export");
  const chosen = exports?.find((each) => each.name === name) ?? exports?.[0];
  const kind = useKind("export", chosen?.name);
  const draft = kind && (drafts[kind.name] ?? emptyDraft(kind));

  function change(part, place) {
    setDrafts((old) => ({ ...old, [kind.name]: { ...draft, ...part } }));
    clear(place);
  }
  function choose(next) {
    setName(next);
    reset();
  }
  const wanted = () => requestOf(kind, draft, { tenant, format, locale: lang });
  const wrong = () => [...check(kind, draft, tenant, { t, text }), ...unfinished(form.current, "filter-", t)];

  function submit(event) {
    event.preventDefault();
    const found = wrong();
    if (found.length) return refuse(found, { tone: "bad", text: t("new.invalid") });
    // One key for one press: a retry of it after a lost answer finds the same job.
    const [body, key] = [wanted(), newKey()];
    return send({ start: () => startExport(kind.name, body, key), done, places: placesOf(kind, "/columns", "/format", "/filename"), failed: "new.failed" });
  }
  function done(job) {
    onStarted(job);
    return { tone: "good", text: t("new.started"), href: `#/jobs/${job.id}`, link: t("new.open") };
  }
  function schedule() {
    const found = wrong();
    if (found.length) return refuse(found, { tone: "bad", text: t("new.invalid") });
    const { tenant: of, ...request } = wanted();
    return onSchedule({ type: "export", kind: kind.name, tenant: of, request });
  }

  return html`<form ref=${form} novalidate onSubmit=${submit}>
    <div class="scroll">
      <${Kinds} name="kind" legend=${t("new.kind")} kinds=${exports} chosen=${chosen} onChoose=${choose} />
      ${kind ? html`
      <${FilterSet} key=${kind.name} kind=${kind} values=${draft.filters} errors=${errors} none=${t("new.filters.none")}
        onChange=${(filters, place) => change({ filters }, place)} />
      <${Columns} columns=${kind.columns} chosen=${draft.columns} error=${errorAt(errors, "/columns")}
        onChange=${(columns) => change({ columns }, "/columns")} />
      <div class="field">
        <label class="label" for="filename">${t("new.filename")} <span class="hint">${t("new.optional")}</span></label>
        <input id="filename" value=${draft.filename} maxlength="195" autocomplete="off" placeholder=${t("new.filename.hint")}
          aria-invalid=${errorAt(errors, "/filename") ? "true" : undefined} aria-describedby="filename-error"
          onInput=${(e) => change({ filename: e.currentTarget.value }, "/filename")} />
        <${FieldError} id="filename-error" text=${errorAt(errors, "/filename")} />
      </div>` : html`<div class="skeleton tall" />`}
    </div>
    <footer>
      <div role="status"><${Notice} notice=${notice} onAgain=${send} /></div>
      <div class="go">
        ${kind && html`<fieldset class="switch" aria-label=${t("new.format")}>
          ${kind.formats.map((each) => html`<label key=${each}><input type="radio" name="format" value=${each} checked=${format === each}
            onChange=${() => { setFormat(each); clear("/format"); }} /><span>${t(`new.format.${each}`)}</span></label>`)}
        </fieldset>`}
        <${ScheduleThis} disabled=${busy || !kind} onClick=${schedule} />
        <button type="submit" id="start" aria-busy=${busy ? "true" : undefined} disabled=${busy || !kind}>
          ${busy ? t("new.starting") : t("new.start")}</button>
        <${FieldError} id="format-error" text=${errorAt(errors, "/format")} />
      </div>
    </footer>
  </form>`;
}
