import { useApp } from "../context.js";
import { html } from "../html.js";

/** The choice of a kind; kinds is undefined until they are known. onChoose gets the name. */
export function Kinds({ name, legend, kinds, chosen, disabled = false, onChoose }) {
  const { text } = useApp();
  return html`<fieldset class="kinds" disabled=${disabled}><legend>${legend}</legend>
    ${kinds?.map((each) => html`<label key=${each.name} class="kind"><input type="radio" name=${name} value=${each.name}
      checked=${each.name === chosen.name} onChange=${() => onChoose(each.name)} />
      <span><strong>${text(each.title)}</strong><small>${text(each.about)}</small></span></label>`)
      ?? [1, 2, 3].map((i) => html`<div key=${i} class="skeleton tall" />`)}
  </fieldset>`;
}
