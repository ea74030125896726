// The form that sends a file to be saved. What becomes of its columns is asked afterwards, see mapping.js.
import { useRef, useState } from "preact/hooks";
import { templateURL } from "../api.js";
import { useApp, useKind } from "../context.js";
import { useRemembered } from "../hooks.js";
import { html } from "../html.js";
import { sendUpload } from "../upload.js";
import { Drop } from "./drop.js";
import { Icon } from "./icon.js";
import { Notice } from "./notice.js";

/** onUploaded gets what the server found in the file; upload is the last one that nothing has been started with. */
export function NewSave({ onUploaded, upload, setErrors }) {
  const { t, text, lang, kinds, tenant, announce } = useApp();
  const [name, setName] = useRemembered("save", "");
  const [sending, setSending] = useState(null); // {name, size, sent}, in bytes
  const [problem, setProblem] = useState(null);
  const stop = useRef(null);

  const saves = kinds?.filter((each) => each.type === "bulk_save");
  const chosen = saves?.find((each) => each.name === name) ?? saves?.[0];
  const kind = useKind("bulk_save", chosen?.name);

  async function send(files) {
    setProblem(null);
    if (files.length !== 1) return setProblem({ tone: "bad", text: t("upload.one") });
    if (!tenant) return refuseTenant(t("tenant.missing"));
    const [file] = files;
    stop.current = new AbortController();
    setSending({ name: file.name, size: file.size, sent: 0 });
    try {
      const onSent = (sent) => setSending((old) => ({ ...old, sent }));
      const found = await sendUpload({ kind: chosen.name, tenant, file }, onSent, stop.current.signal);
      announce(t("upload.ready", { name: found.name }));
      onUploaded(found);
    } catch (error) {
      if (stop.current.signal.aborted) announce(t("upload.stopped"));
      else refuse(error, files);
    } finally {
      setSending(null);
    }
  }

  function refuseTenant(message) {
    setErrors([{ pointer: "/tenant", message }]);
    setProblem({ tone: "bad", text: t("new.invalid") });
    document.querySelector("#tenant").focus();
  }

  function refuse(error, files) {
    if (error.unreachable) return setProblem({ tone: "bad", text: t("upload.broken"), again: files });
    const isTenant = (each) => each.parameter === "tenant" || each.pointer === "/tenant";
    const ofTenant = error.fields.find(isTenant);
    if (ofTenant) return refuseTenant(ofTenant.message);
    const list = error.fields.map((each) => each.message).filter((message) => message !== error.message);
    return setProblem({ tone: "bad", text: error.message || t("upload.failed", { status: error.status }), list });
  }

  const waiting = upload && { tone: "info", text: t("upload.ready", { name: upload.name }), href: `#/uploads/${upload.id}`, link: t("upload.open") };
  return html`<div class="scroll">
      <fieldset class="kinds" disabled=${Boolean(sending)}><legend>${t("upload.kind")}</legend>
        ${saves?.map((each) => html`<label key=${each.name} class="kind"><input type="radio" name="save" value=${each.name}
          checked=${each.name === chosen.name} onChange=${() => { setName(each.name); setProblem(null); }} />
          <span><strong>${text(each.title)}</strong><small>${text(each.about)}</small></span></label>`)
          ?? [1, 2, 3].map((i) => html`<div key=${i} class="skeleton tall" />`)}
      </fieldset>
      ${kind ? html`<${Expected} key=${kind.name} kind=${kind} />` : (chosen || !kinds) && html`<div class="skeleton tall" />`}
      ${chosen && html`<a class="template" href=${templateURL(chosen.name, lang)} download><${Icon} name="download" />${t("upload.template")}</a>`}
    </div>
    <footer>
      <div role="status"><${Notice} notice=${problem ?? (sending ? null : waiting)} onAgain=${send} /></div>
      <${Drop} sending=${sending} ready=${Boolean(chosen)} onFiles=${send} onStop=${() => stop.current.abort(new Error("stopped"))} />
    </footer>`;
}

/** What columns a file of this kind may have. */
function Expected({ kind }) {
  const { t, text } = useApp();
  const required = kind.fields.filter((field) => field.required).length;
  return html`<details class="columns expected">
    <summary>${t("upload.columns")} <span class="count">${t("upload.columns.count", { total: kind.fields.length, required })}</span></summary>
    <dl>${kind.fields.map((field) => html`<dt key=${field.name}>${text(field.header)}
      ${field.required && html` <span class="must">${t("new.required")}</span>`}</dt><dd>${text(field.about)}</dd>`)}</dl>
  </details>`;
}
