// The form for the limits of a partner's account.
import { useState } from "preact/hooks";
import { changePartner } from "../api.js";
import { useApp } from "../context.js";
import { errorAt, strayErrors } from "../draft.js";
import { html } from "../html.js";
import { FieldError } from "./filters.js";
import { Notice } from "./notice.js";

// As job.PartnerLimits has them.
const FIELDS = [
  { name: "max_in_flight", min: 1, max: 1000, step: 1 },
  { name: "interval_ms", min: 0, max: 3_600_000, step: "any" },
  { name: "rate" },
  { name: "daily_quota", min: 0, step: 1 },
  { name: "timeout_ms", min: 100, max: 600_000, step: 1 },
];

/** onChanged gets the partner as it is after a change. */
export function PartnerLimits({ partner, onChanged }) {
  const { t, announce } = useApp();
  const [draft, setDraft] = useState({}); // what is not in it stands as it holds
  const [errors, setErrors] = useState([]);
  const [busy, setBusy] = useState("");
  const [notice, setNotice] = useState(null);
  const { name, configured, changed } = partner;
  const holds = (field) => String(changed?.[field] ?? configured?.[field] ?? "");
  const altered = FIELDS.filter((field) => field.name in draft && draft[field.name].trim() !== holds(field.name));

  async function send(action, body) {
    setBusy(action);
    setErrors([]);
    setNotice(null);
    try {
      onChanged(await changePartner(name, body));
      setDraft({});
      announce(t(`partner.done.${action}`, { partner: name }));
      setNotice({ tone: "good", text: t(`partner.done.${action}`, { partner: name }) });
    } catch (error) {
      setErrors(error.fields);
      const stray = strayErrors(error.fields, FIELDS.map((field) => `/${field.name}`)).map((each) => each.message);
      setNotice({ tone: "bad", text: error.unreachable ? t("act.unreachable") : (error.fields.length && !stray.length && t("new.invalid")) || error.message || t("act.failed", { status: error.status }), list: stray });
    } finally {
      setBusy("");
    }
  }

  function submit(event) {
    event.preventDefault();
    const wrong = [...event.currentTarget.elements].filter((input) => input.name in draft && (!input.validity.valid || !input.value.trim()));
    if (wrong.length) {
      setErrors(wrong.map((input) => ({ pointer: `/${input.name}`, message: t(`partner.range.${input.name}`) })));
      return wrong[0].focus();
    }
    const body = Object.fromEntries(altered.map(({ name: field, step }) => [field, step ? Number(draft[field]) : draft[field].trim()]));
    return altered.length ? send("change", body) : undefined;
  }
  const onInput = (event) => {
    const { name: field, value } = event.currentTarget;
    setDraft({ ...draft, [field]: value });
    setErrors(errors.filter((error) => error.pointer !== `/${field}`));
    setNotice(null);
  };

  return html`<form class="limits" novalidate onSubmit=${submit} aria-label=${t("partner.limits", { partner: name })}>
    <div class="fields">${FIELDS.map(({ name: field, min, max, step }) => {
      const error = errorAt(errors, `/${field}`);
      const id = `${name}-${field}`;
      const set = changed?.[field] !== undefined && String(configured?.[field] ?? "") !== String(changed[field]);
      return html`<div key=${field} class="field"><label class="label" for=${id}>${t(`partner.${field}`)}</label>
        <input id=${id} name=${field} type=${step ? "number" : "text"} min=${min} max=${max} step=${step} required maxlength="20" autocomplete="off" spellcheck="false"
          value=${draft[field] ?? holds(field)} aria-invalid=${error ? "true" : undefined} aria-describedby=${`${id}-hint`} onInput=${onInput} />
        <small id=${`${id}-hint`} class="hint">${error ? html`<${FieldError} text=${error} />`
          : set ? html`<span class="mark info">${t("partner.configured", { value: configured?.[field] || "–" })}</span>` : t(`partner.${field}.hint`)}</small></div>`;
    })}</div>
    <div role="status"><${Notice} notice=${notice} /></div>
    <div class="choices">
      <button type="button" class="quiet" data-action="reset" disabled=${busy !== "" || !changed} aria-busy=${busy === "reset" ? "true" : undefined}
        onClick=${() => send("reset", { reset: true })}>${t("partner.reset")}</button>
      <button type="submit" data-action="change" disabled=${busy !== "" || !altered.length} aria-busy=${busy === "change" ? "true" : undefined}>${t("partner.change")}</button>
    </div>
  </form>`;
}
