// The form that starts an export.
import { useEffect, useRef, useState } from "preact/hooks";
import { newKey, startExport } from "../api.js";
import { useApp, useKind } from "../context.js";
import { check, emptyDraft, errorAt, requestOf, strayErrors, under } from "../draft.js";
import { useRemembered } from "../hooks.js";
import { html } from "../html.js";
import { Columns } from "./columns.js";
import { FieldError, FilterField } from "./filters.js";
import { Notice } from "./notice.js";

/** onStarted gets the new job; errors are [{pointer, message}] of the last attempt. */
export function NewExport({ onStarted, errors, setErrors }) {
  const { t, text, lang, kinds, tenant } = useApp();
  const [name, setName] = useRemembered("kind", "");
  const [format, setFormat] = useRemembered("format", "xlsx");
  const [drafts, setDrafts] = useState({}); // by kind, so that a look at another one loses nothing
  const [refused, setRefused] = useState(0); // counts refusals: each leads to the first wrong field
  const [notice, setNotice] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef(null);

  useEffect(() => { clear("/tenant"); }, [tenant]);
  useEffect(() => {
    if (refused) document.querySelector('input[aria-invalid="true"], select[aria-invalid="true"]')?.focus();
  }, [refused]);

  const exports = kinds?.filter((each) => each.type === "export");
  const chosen = exports?.find((each) => each.name === name) ?? exports?.[0];
  const kind = useKind("export", chosen?.name);
  const draft = kind && (drafts[kind.name] ?? emptyDraft(kind));

  function clear(place) {
    setErrors((old) => (old.some((error) => under(error.pointer, place))
      ? old.filter((error) => !under(error.pointer, place)) : old));
  }
  function change(part, place) {
    setDrafts((old) => ({ ...old, [kind.name]: { ...draft, ...part } }));
    clear(place);
  }
  function choose(next) {
    setName(next);
    setErrors([]);
    setNotice(null);
  }

  function submit(event) {
    event.preventDefault();
    const wrong = check(kind, draft, tenant, { t, text });
    // A half-typed date has an empty value; only the browser knows that there is something.
    for (const input of form.current.querySelectorAll("input[type=date],input[type=number]")) {
      if (input.validity.badInput) wrong.push({ pointer: `/filters/${input.id.slice("filter-".length)}`, message: t("filter.unfinished") });
    }
    if (wrong.length) return refuse(wrong, { tone: "bad", text: t("new.invalid") });
    setErrors([]);
    // One key for one press: a retry of it after a lost answer finds the same job.
    return send({ kind: kind.name, body: requestOf(kind, draft, { tenant, format, locale: lang }), key: newKey() });
  }

  function refuse(wrong, why) {
    setErrors(wrong);
    setRefused((n) => n + 1);
    setNotice(why);
  }

  async function send(press) {
    setBusy(true);
    setNotice(null);
    try {
      const job = await startExport(press.kind, press.body, press.key);
      setNotice({ tone: "good", text: t("new.started"), href: `#/jobs/${job.id}`, link: t("new.open") });
      onStarted(job);
    } catch (error) {
      refuse(error.fields, noticeOf(error, press));
    } finally {
      setBusy(false);
    }
  }

  function noticeOf(error, press) {
    if (error.jobID) return { tone: "info", text: t("new.duplicate"), href: `#/jobs/${error.jobID}`, link: t("new.duplicate.open") };
    if (error.unreachable) return { tone: "bad", text: t("new.unreachable"), again: press };
    const stray = strayErrors(error.fields, kind);
    if (error.fields.length && !stray.length) return { tone: "bad", text: t("new.invalid") };
    return {
      tone: "bad", text: error.message || t("new.failed", { status: error.status }),
      list: stray.map((each) => `${each.pointer ?? each.parameter ?? each.header ?? ""} ${each.message}`.trim()),
    };
  }

  return html`<form ref=${form} novalidate onSubmit=${submit}>
    <div class="scroll">
      <fieldset class="kinds"><legend>${t("new.kind")}</legend>
        ${exports?.map((each) => html`<label key=${each.name} class="kind"><input type="radio" name="kind" value=${each.name}
          checked=${each.name === chosen.name} onChange=${() => choose(each.name)} />
          <span><strong>${text(each.title)}</strong><small>${text(each.about)}</small></span></label>`)
          ?? [1, 2, 3].map((i) => html`<div key=${i} class="skeleton tall" />`)}
      </fieldset>
      ${kind ? html`
      <fieldset key=${kind.name} class="filters"><legend>${t("new.filters")}</legend>
        ${kind.filters.length ? kind.filters.map((filter) => html`<${FilterField} key=${filter.name} filter=${filter}
          value=${draft.filters[filter.name]} error=${errorAt(errors, `/filters/${filter.name}`)}
          onChange=${(value) => change({ filters: { ...draft.filters, [filter.name]: value } }, `/filters/${filter.name}`)} />`)
          : html`<p class="muted">${t("new.filters.none")}</p>`}
      </fieldset>
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
        <button type="submit" id="start" aria-busy=${busy ? "true" : undefined} disabled=${busy || !kind}>
          ${busy ? t("new.starting") : t("new.start")}</button>
        <${FieldError} id="format-error" text=${errorAt(errors, "/format")} />
      </div>
    </footer>
  </form>`;
}
