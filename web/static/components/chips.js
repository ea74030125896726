import { useState } from "preact/hooks";
import { useApp } from "../context.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

// Commas and line breaks part values, so that a column copied from a sheet can be pasted; blanks do not:
// there are SKUs with blanks in them.
const PARTS = /[,\n\r\t]+/;

/** Several values in one field. value: [string]. */
export function Chips({ id, value, onChange, describedBy, invalid, inputMode }) {
  const { t } = useApp();
  const [draft, setDraft] = useState("");
  const add = (text) => {
    const found = text.split(PARTS).map((part) => part.trim()).filter(Boolean);
    if (found.length) onChange([...new Set([...value, ...found])]);
    setDraft("");
  };
  const onInput = (e) => (PARTS.test(e.currentTarget.value) ? add(e.currentTarget.value) : setDraft(e.currentTarget.value));
  const onKeyDown = (e) => {
    // Enter may also end a Korean syllable; then it does not end the value.
    if (e.key === "Enter" && !e.isComposing && draft.trim()) {
      e.preventDefault(); // else it would send the form
      add(draft);
    } else if (e.key === "Backspace" && !draft && value.length) {
      onChange(value.slice(0, -1));
    }
  };
  const onPaste = (e) => {
    const text = e.clipboardData.getData("text");
    if (!PARTS.test(text)) return; // an input would drop the line breaks
    e.preventDefault();
    add(draft + text);
  };
  return html`<div class="chips" aria-invalid=${invalid ? "true" : undefined}>
    ${value.map((item) => html`<span key=${item} class="chip">${item}<button type="button"
      aria-label=${t("filter.remove", { value: item })} onClick=${() => onChange(value.filter((other) => other !== item))}>
      <${Icon} name="cancel" /></button></span>`)}
    <input id=${id} value=${draft} autocomplete="off" spellcheck="false" inputmode=${inputMode}
      placeholder=${value.length ? "" : t("filter.many")} aria-describedby=${describedBy} aria-invalid=${invalid ? "true" : undefined}
      onInput=${onInput} onKeyDown=${onKeyDown} onPaste=${onPaste} onBlur=${() => add(draft)} />
  </div>`;
}
