// The fields that say when a schedule starts its job: expression, time zone, overlap, note.
import { useApp } from "../context.js";
import { cronWords } from "../cron.js";
import { errorAt } from "../draft.js";
import { html } from "../html.js";
import { FieldError } from "./filters.js";

// The beginnings that most schedules come from.
const COMMON = ["0 * * * *", "0 9 * * *", "30 6 * * 1-5", "0 9 * * 1", "0 9 1 * *"];

export const OVERLAPS = ["skip", "buffer", "cancel"];

export const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** draft: {cron, time_zone, overlap, note}; prefix begins the IDs of the fields. */
export function When({ draft, errors, prefix, onChange }) {
  const { t, lang } = useApp();
  const field = (name) => ({
    id: `${prefix}-${name}`, value: draft[name], error: errorAt(errors, `/${name}`),
    onInput: (event) => onChange({ [name]: event.currentTarget.value }, `/${name}`),
  });
  const words = cronWords(draft.cron, t, lang);
  return html`<div class="timing">
    <div class="field wide"><label class="label" for=${`${prefix}-cron`}>${t("schedule.cron")} <span class="must">${t("new.required")}</span></label>
      <div class="boxes">${COMMON.map((cron) => html`<button key=${cron} type="button" class="small quiet" aria-pressed=${String(draft.cron === cron)}
        data-cron=${cron} onClick=${() => onChange({ cron }, "/cron")}>${cronWords(cron, t, lang)}</button>`)}</div>
      <${Input} ...${field("cron")} hint=${words || t("schedule.cron.hint")} max="200" class="code" /></div>
    <div class="field"><label class="label" for=${`${prefix}-time_zone`}>${t("schedule.zone")}</label>
      <${Input} ...${field("time_zone")} list="zones" max="64" hint=${t("schedule.zone.hint")} /></div>
    <div class="field"><label class="label" for=${`${prefix}-overlap`}>${t("schedule.overlap")}</label>
      <select id=${`${prefix}-overlap`} value=${draft.overlap} onChange=${field("overlap").onInput}>
        ${OVERLAPS.map((each) => html`<option key=${each} value=${each}>${t(`schedule.overlap.${each}`)}</option>`)}</select></div>
    <div class="field wide"><label class="label" for=${`${prefix}-note`}>${t("schedule.note")} <span class="hint">${t("new.optional")}</span></label>
      <${Input} ...${field("note")} max="300" /></div>
  </div>`;
}

/** The zones that can be chosen from; once on a page. */
export const Zones = () => html`<datalist id="zones">${["UTC", ...Intl.supportedValuesOf("timeZone")]
  .map((zone) => html`<option key=${zone} value=${zone} />`)}</datalist>`;

function Input({ id, value, error, hint, list, max, class: look, onInput }) {
  return html`<input id=${id} class=${look} value=${value} list=${list} maxlength=${max} autocomplete="off" spellcheck="false"
      aria-invalid=${error ? "true" : undefined} aria-describedby=${error || hint ? `${id}-hint` : undefined} onInput=${onInput} />
    ${(error || hint) && html`<small id=${`${id}-hint`} class="hint" aria-live="polite">${error ? html`<${FieldError} text=${error} />` : hint}</small>`}`;
}
