import { useApp } from "../context.js";
import { html } from "../html.js";

/** What columns a file of this kind may have. */
export function Expected({ kind }) {
  const { t, text } = useApp();
  const required = kind.fields.filter((field) => field.required).length;
  return html`<details class="columns expected">
    <summary>${t("upload.columns")} <span class="count">${t("upload.columns.count", { total: kind.fields.length, required })}</span></summary>
    <dl>${kind.fields.map((field) => html`<dt key=${field.name}>${text(field.header)}
      ${field.required && html` <span class="must">${t("new.required")}</span>`}</dt><dd>${text(field.about)}</dd>`)}</dl>
  </details>`;
}
