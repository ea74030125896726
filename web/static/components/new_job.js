// The place where work begins: a form for each type of job.
import { useState } from "preact/hooks";
import { useApp } from "../context.js";
import { useRemembered } from "../hooks.js";
import { html } from "../html.js";
import { NewExport } from "./new_export.js";
import { NewSave } from "./new_save.js";
import { NewSync } from "./new_sync.js";

const TYPES = ["export", "bulk_save", "sync"];
const FORMS = { export: NewExport, bulk_save: NewSave, sync: NewSync };
const NONE = [];

/** All forms stay, those out of sight hidden, so that a look at another one loses nothing. */
export function NewJob({ onStarted, onSchedule, onUploaded, upload, errors, setErrors }) {
  const { t } = useApp();
  const [remembered, setType] = useRemembered("type", TYPES[0]);
  const [open, setOpen] = useState(false); // matters where the form stands above the list
  const type = TYPES.includes(remembered) ? remembered : TYPES[0];

  const show = (next) => {
    setType(next);
    setErrors([]);
    setOpen(true);
  };
  const onKeyDown = (event) => { // as tabs have it: arrows move between them, Tab leaves them
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    const step = event.key === "ArrowRight" ? 1 : -1;
    const next = TYPES.at((TYPES.indexOf(type) + step) % TYPES.length);
    show(next);
    document.getElementById(`tab-${next}`).focus();
  };
  return html`<section class="panel new ${open ? "open" : ""}" aria-labelledby="new-title">
    <div class="head"><h2 id="new-title">${t("new.title")}</h2>
      <div class="switch tabs" role="tablist" aria-labelledby="new-title" onKeyDown=${onKeyDown}>
        ${TYPES.map((each) => html`<button key=${each} type="button" role="tab" id=${`tab-${each}`} aria-selected=${String(type === each)}
          aria-controls=${`new-${each}`} tabindex=${type === each ? 0 : -1} onClick=${() => show(each)}>${t(`type.${each}`)}</button>`)}
      </div>
      <button type="button" class="small quiet fold" aria-expanded=${String(open)} aria-controls=${`new-${type}`} onClick=${() => setOpen(!open)}>
        ${t(open ? "new.fold.close" : "new.fold.open")}</button></div>
    ${TYPES.map((each) => html`<div key=${each} class="form" role="tabpanel" id=${`new-${each}`} aria-labelledby=${`tab-${each}`} hidden=${type !== each}>
      <${FORMS[each]} onStarted=${onStarted} onSchedule=${onSchedule} onUploaded=${(found) => onUploaded(found, each)}
        upload=${upload?.type === each ? upload : null} errors=${type === each ? errors : NONE} setErrors=${setErrors} /></div>`)}
  </section>`;
}
