// The form that sends a file to be saved. What becomes of its columns is asked afterwards, see mapping.js.
import { templateURL } from "../api.js";
import { useApp, useKind } from "../context.js";
import { useRemembered } from "../hooks.js";
import { html } from "../html.js";
import { useSending } from "../sending.js";
import { Drop } from "./drop.js";
import { Expected } from "./expected.js";
import { Icon } from "./icon.js";
import { Kinds } from "./kinds.js";
import { Notice } from "./notice.js";

/** onUploaded gets what the server found in the file; upload is the last one that nothing has been started with. */
export function NewSave({ onUploaded, upload, setErrors }) {
  const { t, lang, kinds } = useApp();
  const [name, setName] = useRemembered("save", "");
  const saves = kinds?.filter((each) => each.type === "bulk_save");
  const chosen = saves?.find((each) => each.name === name) ?? saves?.[0];
  const kind = useKind("bulk_save", chosen?.name);
  const { sending, problem, forget, send, stop } = useSending({ type: "bulk_save", kind: chosen?.name, onUploaded, setErrors });

  const waiting = upload && { tone: "info", text: t("upload.ready.bulk_save", { name: upload.name }), href: `#/uploads/${upload.id}`, link: t("upload.open") };
  return html`<div class="scroll">
      <${Kinds} name="save" legend=${t("upload.kind")} kinds=${saves} chosen=${chosen} disabled=${Boolean(sending)}
        onChoose=${(next) => { setName(next); forget(); }} />
      ${kind ? html`<${Expected} key=${kind.name} kind=${kind} />` : (chosen || !kinds) && html`<div class="skeleton tall" />`}
      ${chosen && html`<a class="template" href=${templateURL("bulk_save", chosen.name, lang)} download><${Icon} name="download" />${t("upload.template")}</a>`}
    </div>
    <footer>
      <div role="status"><${Notice} notice=${problem ?? (sending ? null : waiting)} onAgain=${send} /></div>
      <${Drop} sending=${sending} ready=${Boolean(chosen)} onFiles=${send} onStop=${stop} />
    </footer>`;
}
