// The buttons of a job. Which there are is for the API to say: it links what the job's state allows.
import { useState } from "preact/hooks";
import { act } from "../api.js";
import { useApp } from "../context.js";
import { html } from "../html.js";
import { held } from "../jobs.js";
import { problemOf } from "../problem.js";
import { Icon } from "./icon.js";
import { available } from "./status.js";

const ACTIONS = ["pause", "resume", "retry", "undo", "cancel"];

// A dry run that waits is answered where its result is seen, see hold.js, and so a save is undone.
const offered = (job, whole) => ACTIONS.filter((action) => job.links[action]
  && !(held(job) && (action === "resume" || action === "cancel")) && (whole || action !== "undo"));

/** onJob gets the job as it is after an action, and the action; a retry or undo gives another job. whole: on its own page. */
export function Actions({ job, now, onJob, whole = false }) {
  const { t, fmt, notify, confirm, titleOf } = useApp();
  const [busy, setBusy] = useState("");
  const name = titleOf(job);

  async function run(action) {
    if (!(await sure(action))) return;
    setBusy(action);
    try {
      onJob(await act(job.links[action]), action);
    } catch (error) {
      notify(problemOf(error, t, job.type));
    } finally {
      setBusy("");
    }
  }

  function sure(action) {
    if (action !== "cancel" && action !== "undo") return true;
    const what = t(action === "cancel" ? `ask.cancel.text.${job.type}` : "ask.undo.text");
    return confirm({ title: t(`ask.${action}.title`), text: `${name} · ${job.tenant}. ${what}`, yes: t(`ask.${action}.yes`), no: t(`ask.${action}.no`) });
  }

  // A sync is not run again as a whole: what has succeeded stays so.
  const label = (action, room = whole) => t(room && action === "retry" && job.type === "sync" ? "act.retry.sync" : `act.${action}`);
  const files = available(job, now);
  return html`<div class="actions">
    ${files.map((file) => html`<a key=${file.name} role="button" class="small ${held(job) ? "quiet" : ""}" data-action="download" download=${file.name}
      href=${file.url} title=${file.name}>
      <${Icon} name="download" />${t(job.type === "bulk_save" ? "act.errors" : "act.download")}${whole && html` <span class="size">${fmt.bytes(file.size)}</span>`}</a>`)}
    ${held(job) && !whole && html`<a role="button" class="small" data-action="review" href=${`#/jobs/${job.id}`}><${Icon} name="check" />${t("act.review")}</a>`}
    ${offered(job, whole).map((action) => html`<button key=${action} type="button" class="small quiet ${action === "cancel" ? "danger" : ""}"
      data-action=${action} disabled=${busy !== ""} aria-busy=${busy === action ? "true" : undefined}
      aria-label=${`${label(action, true)}: ${name} ${job.tenant}`} onClick=${() => run(action)}>
      <${Icon} name=${action} /><span>${label(action)}</span></button>`)}
  </div>`;
}
