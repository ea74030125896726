import { useApp } from "../context.js";
import { html } from "../html.js";
import { ended } from "../jobs.js";
import { Icon } from "./icon.js";

/** The phases of a job's story, in order. A save that waits for a worker has nothing but its request yet. */
function phasesOf(job) {
  if (job.type === "sync") return ["numbering", "sending", "reporting", "done"];
  if (job.type !== "bulk_save") return ["planning", "pages", "assembling", "publishing", "done"];
  if (job.save?.undoes ?? job.request?.undo) return ["planning", "undoing", "reporting", "done"];
  if (job.save?.dry_run ?? job.request?.dry_run) return ["inspecting", "checking", "holding", "comparing", "applying", "reporting", "done"];
  return ["inspecting", "applying", "reporting", "done"];
}

/** The phase as people are told it: a sync's plan is that its items are numbered, a save's plan is made by reading the file, and a dry run reports before it waits. */
export function phaseOf(job) {
  const { phase } = job.progress;
  if (job.type === "sync" && phase === "planning") return "numbering";
  if (job.type !== "bulk_save" || job.save?.undoes) return phase;
  if (phase === "planning") return "inspecting";
  return phase === "reporting" && !job.save?.saved ? "checking" : phase;
}

/** The story of a job, and where in it the job is or broke off. */
export function Steps({ job }) {
  const { t } = useApp();
  const phases = phasesOf(job);
  const good = job.state === "succeeded" || job.state === "partially_succeeded";
  const at = good ? phases.length : phases.indexOf(phaseOf(job));
  const look = (i) => (i < at ? "past" : i > at ? "" : ended(job) ? "broken" : "now");
  return html`<ol class="steps" aria-label=${t("job.steps")}>
    ${phases.map((phase, i) => html`<li key=${phase} class=${look(i)} aria-current=${look(i) === "now" ? "step" : undefined}>
      <span class="mark" aria-hidden="true">${i < at ? html`<${Icon} name="check" />` : look(i) === "broken" ? html`<${Icon} name="cancel" />` : i + 1}</span>
      ${t(`phase.${phase}`)}</li>`)}
  </ol>`;
}
