// The buttons of a job. Which there are is for the API to say: it links what the job's state allows.
import { useState } from "preact/hooks";
import { act } from "../api.js";
import { useApp } from "../context.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";
import { available } from "./status.js";

const ACTIONS = ["pause", "resume", "retry", "cancel"];

/** onJob gets the job as it is after an action; a retry may give another one. */
export function Actions({ job, now, onJob, withSize = false }) {
  const { t, fmt, notify, confirm, kindTitle } = useApp();
  const [busy, setBusy] = useState("");
  const name = kindTitle(job.kind);

  async function run(action) {
    if (action === "cancel") {
      const sure = await confirm({
        title: t("cancel.title"), text: `${name} · ${job.tenant}. ${t("cancel.text")}`,
        yes: t("cancel.yes"), no: t("cancel.no"),
      });
      if (!sure) return;
    }
    setBusy(action);
    try {
      onJob(await act(job.links[action]));
    } catch (error) {
      notify(error.jobID
        ? { text: t("new.duplicate"), href: `#/jobs/${error.jobID}`, link: t("new.duplicate.open") }
        : { text: error.unreachable ? t("act.unreachable") : error.message || t("act.failed", { status: error.status }) });
    } finally {
      setBusy("");
    }
  }

  const files = available(job, now);
  return html`<div class="actions">
    ${files.map((file) => html`<a key=${file.name} role="button" class="small" data-action="download" download=${file.name}
      href=${file.url} title=${file.name}>
      <${Icon} name="download" />${t("act.download")}${withSize && html` <span class="size">${fmt.bytes(file.size)}</span>`}</a>`)}
    ${ACTIONS.filter((action) => job.links[action]).map((action) => html`<button key=${action} type="button" class="small quiet ${action === "cancel" ? "danger" : ""}"
      data-action=${action} disabled=${busy !== ""} aria-busy=${busy === action ? "true" : undefined}
      aria-label=${`${t(`act.${action}`)}: ${name} ${job.tenant}`} onClick=${() => run(action)}>
      <${Icon} name=${action} /><span>${t(`act.${action}`)}</span></button>`)}
  </div>`;
}
