// The fields of a kind's filters, built from the catalogue's description.
import { useApp } from "../context.js";
import { errorAt } from "../draft.js";
import { html } from "../html.js";
import { Chips } from "./chips.js";

/**
 * The filters of a kind. values are those of a draft by name; onChange gets all of them and the place of the one that
 * has changed. prefix begins the IDs of the fields, because several forms are on the page at once.
 */
export function FilterSet({ kind, values, errors, prefix = "filter-", none, onChange }) {
  const { t } = useApp();
  return html`<fieldset class="filters"><legend>${t("new.filters")}</legend>
    ${kind.filters.length ? kind.filters.map((filter) => html`<${FilterField} key=${filter.name} filter=${filter} id=${prefix + filter.name}
      value=${values[filter.name]} error=${errorAt(errors, `/filters/${filter.name}`)}
      onChange=${(value) => onChange({ ...values, [filter.name]: value }, `/filters/${filter.name}`)} />`)
      : html`<p class="muted">${none}</p>`}
  </fieldset>`;
}

/** One filter with its label and its error. value: string, boolean, or [string] where many are allowed. */
function FilterField({ id, filter, value, error, onChange }) {
  const { t, text } = useApp();
  const wide = filter.many || filter.type === "flag" ? "wide" : "";
  const label = html`${text(filter.title)}${filter.required && html` <span class="must">${t("new.required")}</span>`}`;
  const several = filter.many && filter.type === "choice";
  const props = { id, filter, value, onChange, error, describedBy: error ? `${id}-error` : undefined };
  return html`<div class="field ${wide}" data-filter=${filter.name}>
    ${filter.type === "flag" ? null
      : several ? html`<span class="label" id=${`${id}-label`}>${label}</span>`
      : html`<label class="label" for=${id}>${label}</label>`}
    ${filter.type === "flag" ? html`<${Flag} ...${props} label=${label} />`
      : several ? html`<${Boxes} ...${props} />`
      : filter.type === "choice" ? html`<${Choice} ...${props} />`
      : filter.many ? html`<${Chips} id=${id} value=${value} onChange=${onChange} invalid=${error} describedBy=${props.describedBy}
          inputMode=${filter.type === "integer" ? "numeric" : undefined} />`
      : html`<${Single} ...${props} />`}
    <${FieldError} id=${`${id}-error`} text=${error} />
  </div>`;
}

/** What is wrong with a field, beside it. */
export const FieldError = ({ id, text }) => text && html`<small class="error" id=${id}>${text}</small>`;

const invalid = (error) => (error ? "true" : undefined);

function Single({ id, filter, value, onChange, error, describedBy }) {
  const type = { date: "date", integer: "number" }[filter.type] ?? "text";
  return html`<input id=${id} type=${type} value=${value} step=${type === "number" ? 1 : undefined}
    maxlength=${type === "text" ? 200 : undefined} spellcheck="false" autocomplete="off"
    aria-invalid=${invalid(error)} aria-describedby=${describedBy} aria-required=${filter.required ? "true" : undefined}
    onInput=${(e) => onChange(e.currentTarget.value)} />`;
}

function Choice({ id, filter, value, onChange, error, describedBy }) {
  const { t, text } = useApp();
  return html`<select id=${id} value=${value} aria-invalid=${invalid(error)} aria-describedby=${describedBy}
      onChange=${(e) => onChange(e.currentTarget.value)}>
    <option value="">${t("filter.any")}</option>
    ${filter.choices.map((choice) => html`<option key=${choice.value} value=${choice.value}>${text(choice.title)}</option>`)}
  </select>`;
}

function Boxes({ id, filter, value, onChange, describedBy }) {
  const { text } = useApp();
  const toggle = (item, on) => onChange(on ? [...value, item] : value.filter((other) => other !== item));
  return html`<fieldset class="boxes" aria-labelledby=${`${id}-label`} aria-describedby=${describedBy}>
    ${filter.choices.map((choice) => html`<label key=${choice.value} class="box"><input type="checkbox" value=${choice.value}
      checked=${value.includes(choice.value)} onChange=${(e) => toggle(choice.value, e.currentTarget.checked)} />
      <span>${text(choice.title)}</span></label>`)}
  </fieldset>`;
}

function Flag({ id, value, onChange, error, describedBy, label }) {
  return html`<label class="flagbox"><input id=${id} type="checkbox" role="switch" checked=${value} aria-invalid=${invalid(error)}
    aria-describedby=${describedBy} onChange=${(e) => onChange(e.currentTarget.checked)} /><span>${label}</span></label>`;
}
