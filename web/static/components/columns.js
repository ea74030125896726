import { useApp } from "../context.js";
import { html } from "../html.js";
import { FieldError } from "./filters.js";

/** Chooses columns; chosen is a Set of names. Their order is the catalogue's, whatever was clicked first. */
export function Columns({ columns, chosen, error, onChange }) {
  const { t, text } = useApp();
  const toggle = (name, on) => {
    const next = new Set(chosen);
    if (on) next.add(name); else next.delete(name);
    onChange(next);
  };
  return html`<details class="columns" open=${Boolean(error) || undefined}>
    <summary>${t("new.columns")} <span class="count">${t("new.columns.count", { chosen: chosen.size, total: columns.length })}</span></summary>
    <div class="tools">
      <button type="button" class="small quiet" data-columns="all" onClick=${() => onChange(new Set(columns.map((c) => c.name)))}>${t("new.columns.all")}</button>
      <button type="button" class="small quiet" data-columns="none" onClick=${() => onChange(new Set())}>${t("new.columns.none")}</button>
    </div>
    <fieldset class="picks" aria-label=${t("new.columns")} aria-describedby=${error ? "columns-error" : undefined}>
      ${columns.map((column) => html`<label key=${column.name}><input type="checkbox" name="column" value=${column.name}
        checked=${chosen.has(column.name)} onChange=${(e) => toggle(column.name, e.currentTarget.checked)} />
        <span>${text(column.header)}</span></label>`)}
    </fieldset>
    <${FieldError} id="columns-error" text=${error} />
  </details>`;
}
