// The place where work begins: a form for each type of job.
import { useState } from "preact/hooks";
import { useApp } from "../context.js";
import { useRemembered } from "../hooks.js";
import { html } from "../html.js";
import { NewExport } from "./new_export.js";
import { NewSave } from "./new_save.js";

const TYPES = ["export", "bulk_save"];

/** Both forms stay, the one out of sight hidden, so that a look at the other one loses nothing. */
export function NewJob({ onStarted, onUploaded, upload, errors, setErrors }) {
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
    const next = TYPES.find((each) => each !== type);
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
    <div class="form" role="tabpanel" id="new-export" aria-labelledby="tab-export" hidden=${type !== "export"}>
      <${NewExport} onStarted=${onStarted} errors=${errors} setErrors=${setErrors} /></div>
    <div class="form" role="tabpanel" id="new-bulk_save" aria-labelledby="tab-bulk_save" hidden=${type !== "bulk_save"}>
      <${NewSave} onUploaded=${onUploaded} upload=${upload} setErrors=${setErrors} /></div>
  </section>`;
}
