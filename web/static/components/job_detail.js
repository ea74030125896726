// One job, with everything that is known about it.
import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../context.js";
import { useNow } from "../hooks.js";
import { html } from "../html.js";
import { ended, useJob } from "../jobs.js";
import { Actions } from "./actions.js";
import { Icon } from "./icon.js";
import { Request } from "./request.js";
import { Result } from "./result.js";
import { Facts, Flags, Meter, Pill, elapsed, reasonOf } from "./status.js";

/** onJob is told about changes that actions here make. */
export function JobDetail({ id, onJob }) {
  const { t, kindTitle, notify } = useApp();
  const { job, error, put } = useJob(id);
  const now = useNow(Boolean(job && !ended(job)));
  const title = useRef(null);
  useEffect(() => title.current?.focus(), [id, Boolean(job)]);

  if (!job) {
    return html`<${Back} />${error?.status === 404 || error?.status === 422
      ? html`<section class="panel"><div class="empty"><${Icon} name="empty" /><strong>${t("job.missing")}</strong>
          <span>${t("job.missing.hint")}</span></div></section>`
      : html`<section class="panel" aria-busy="true"><div class="skeleton tall" /><div class="skeleton" /></section>`}`;
  }
  const changed = (after) => {
    onJob(after);
    if (after.id === job.id) put(after);
    else notify({ tone: "good", text: t("new.started"), href: `#/jobs/${after.id}`, link: t("new.open") }); // a retry
  };
  return html`<${Back} />
    <section class="panel hero" data-job=${job.id} data-state=${job.state}>
      <div class="head">
        <div><h1 ref=${title} tabindex="-1">${kindTitle(job.kind)} <${Pill} state=${job.state} /></h1>
          <p class="muted">${job.tenant} <${Flags} job=${job} now=${now} /></p></div>
        <${Actions} job=${job} now=${now} onJob=${changed} withSize />
      </div>
      <${Meter} job=${job} />
      <p class="line"><${Facts} job=${job} now=${now} /><${Pages} job=${job} /></p>
      ${job.reason && html`<div class="notice ${job.state === "cancelled" ? "info" : job.reason === "no_data" ? "warn" : "bad"}" id="reason">
        <${Icon} name="warning" /><span><strong>${reasonOf(job, t)}</strong>
        ${job.message && html`<br /><span class="message">${job.message}</span>`}</span></div>`}
      <${Steps} job=${job} />
    </section>
    <div class="cards">
      <${Result} job=${job} now=${now} />
      <${Request} job=${job} />
      <${About} job=${job} now=${now} />
    </div>`;
}

function Back() {
  const { t } = useApp();
  return html`<a class="back" href="#/"><${Icon} name="back" />${t("app.home")}</a>`;
}

function Pages({ job }) {
  const { t, fmt } = useApp();
  const { pages_done: done, pages_total: total } = job.progress;
  return total > 0 && html`<span class="muted">${t("progress.pages", { done: fmt.int(done), total: fmt.int(total) })}</span>`;
}

const PHASES = ["planning", "pages", "assembling", "publishing", "done"];

/** The story of an export, and where in it the job is or broke off. */
function Steps({ job }) {
  const { t } = useApp();
  const good = job.state === "succeeded" || job.state === "partially_succeeded";
  const at = good ? PHASES.length : PHASES.indexOf(job.progress.phase);
  const look = (i) => (i < at ? "past" : i > at ? "" : ended(job) ? "broken" : "now");
  return html`<ol class="steps" aria-label=${t("job.steps")}>
    ${PHASES.map((phase, i) => html`<li key=${phase} class=${look(i)} aria-current=${look(i) === "now" ? "step" : undefined}>
      <span class="mark" aria-hidden="true">${i < at ? html`<${Icon} name="check" />` : look(i) === "broken" ? html`<${Icon} name="cancel" />` : i + 1}</span>
      ${t(`phase.${phase}`)}</li>`)}
  </ol>`;
}

function About({ job, now }) {
  const { t, fmt } = useApp();
  const time = (at) => html`<time datetime=${at}>${fmt.dateTime(at)}</time>`;
  const temporal = /^https?:\/\//.test(job.links.temporal ?? "") && job.links.temporal;
  return html`<section class="panel facts-card"><h2>${t("job.facts")}</h2><dl>
    <dt>${t("job.created")}</dt><dd>${time(job.created_at)}</dd>
    ${job.ended_at ? html`<dt>${t("job.ended")}</dt><dd>${time(job.ended_at)}</dd>`
      : html`<dt>${t("job.updated")}</dt><dd>${time(job.updated_at)}</dd>`}
    <dt>${t("job.took")}</dt><dd>${fmt.duration(elapsed(job, now))}</dd>
    ${job.requested_by && html`<dt>${t("job.by")}</dt><dd>${job.requested_by}</dd>`}
    <dt>${t("job.id")}</dt><dd><code>${job.id}</code></dd>
    <dt>${t("job.workflow")}</dt><dd><code>${job.workflow_id}</code></dd>
    ${job.run_id !== job.id && html`<dt>${t("job.run")}</dt><dd><code>${job.run_id}</code></dd>`}
  </dl>
  ${temporal && html`<a class="temporal" href=${temporal} target="_blank" rel="noopener">${t("job.temporal")}<${Icon} name="external" /></a>`}
  </section>`;
}
