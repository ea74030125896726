// One job, with everything that is known about it.
import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../context.js";
import { useNow } from "../hooks.js";
import { html } from "../html.js";
import { STARTED, ended, useJob } from "../jobs.js";
import { useRetries } from "../retries.js";
import { Actions } from "./actions.js";
import { Hold } from "./hold.js";
import { Icon } from "./icon.js";
import { Items } from "./items.js";
import { Back, Missing } from "./missing.js";
import { Pace } from "./pace.js";
import { Request } from "./request.js";
import { Result } from "./result.js";
import { Stale, Tallies, Ties } from "./save.js";
import { Facts, Flags, Meter, Pill, elapsed, messageOf, reasonOf } from "./status.js";
import { Steps } from "./steps.js";
import { SyncTallies, SyncTies, Waiting } from "./sync.js";
import { SyncItems } from "./sync_items.js";

/** onJob is told about changes that actions here make. */
export function JobDetail({ id, onJob }) {
  const { t, titleOf, notify, announce } = useApp();
  const { job, error, put } = useJob(id);
  const now = useNow(Boolean(job && !ended(job)));
  const [retries, addRetry] = useRetries(job);
  const title = useRef(null);
  useEffect(() => title.current?.focus(), [id, Boolean(job)]);
  const state = useRef("");
  useEffect(() => { // the list tells of ends only while it is in sight
    if (state.current && job) announce(t("live.state", { kind: `${titleOf(job)} ${job.tenant}`, state: t(`state.${job.state}`) }));
    state.current = job?.state ?? "";
  }, [job?.state]);

  if (!job) {
    return html`<${Back} />${error?.status === 404 || error?.status === 422
      ? html`<${Missing} title=${t("job.missing")} hint=${t("job.missing.hint")} />`
      : html`<section class="panel" aria-busy="true"><div class="skeleton tall" /><div class="skeleton" /></section>`}`;
  }
  const changed = (after, action) => {
    onJob(after);
    if (after.id === job.id) return put(after);
    if (action === "retry") addRetry(after);
    if (action === "undo") location.hash = `#/jobs/${after.id}`;
    else notify({ tone: "good", text: t(STARTED[job.type]), href: `#/jobs/${after.id}`, link: t("new.open") }); // a retry
  };
  return html`<${Back} />
    <section class="panel hero" data-job=${job.id} data-state=${job.state}>
      <div class="head">
        <div><h1 ref=${title} tabindex="-1">${titleOf(job)} <${Pill} state=${job.state} /></h1>
          <p class="muted">${job.tenant}${job.sync?.partner && html` · ${job.sync.partner}`}${uploadOf(job) && html` · ${uploadOf(job)}`} <${Flags} job=${job} now=${now} /></p></div>
        <${Actions} job=${job} now=${now} onJob=${changed} whole />
      </div>
      <${Meter} job=${job} />
      <p class="line"><${Facts} job=${job} now=${now} /><${Pages} job=${job} /></p>
      ${job.reason && html`<div class="notice ${toneOf(job)}" id="reason">
        <${Icon} name="warning" /><span><strong>${reasonOf(job, t)}</strong>
        ${messageOf(job) && html`<br /><span class="message">${messageOf(job)}</span>`}<${Stale} job=${job} /></span></div>`}
      <${Steps} job=${job} />
      <${Hold} job=${job} onJob=${changed} />
      ${job.type === "sync" && html`<${Waiting} job=${job} now=${now} />`}
    </section>
    ${job.type === "sync" ? html`<${SyncTallies} job=${job} /><${Pace} job=${job} now=${now} /><${SyncItems} job=${job} onJob=${changed} />`
      : html`<${Tallies} job=${job} now=${now} /><${Items} job=${job} />`}
    <div class="cards">
      <${Result} job=${job} now=${now} />
      <${Request} job=${job} />
      <${About} job=${job} now=${now} retries=${retries} />
    </div>`;
}

const uploadOf = (job) => job.save?.upload ?? job.sync?.upload;

/** How bad an end is. */
function toneOf(job) {
  if (job.state === "cancelled") return "info";
  return ["no_data", "rows_kept"].includes(job.reason) || job.state === "partially_succeeded" ? "warn" : "bad";
}

function Pages({ job }) {
  const { t, fmt } = useApp();
  const { pages_done: done, pages_total: total } = job.progress;
  if (job.type === "sync") return null; // its items are told one by one, and nobody needs to know how they are bundled
  const words = job.type === "bulk_save" ? "progress.chunks" : "progress.pages";
  return total > 0 && html`<span class="muted">${t(words, { done: fmt.int(done), total: fmt.int(total) })}</span>`;
}

function About({ job, now, retries }) {
  const { t, fmt } = useApp();
  const time = (at) => html`<time datetime=${at}>${fmt.dateTime(at)}</time>`;
  const temporal = /^https?:\/\//.test(job.links.temporal ?? "") && job.links.temporal;
  return html`<section class="panel facts-card"><h2>${t("job.facts")}</h2><dl>
    <dt>${t("job.created")}</dt><dd>${time(job.created_at)}</dd>
    ${job.ended_at ? html`<dt>${t("job.ended")}</dt><dd>${time(job.ended_at)}</dd>`
      : html`<dt>${t("job.updated")}</dt><dd>${time(job.updated_at)}</dd>`}
    <${Ties} job=${job} /><${SyncTies} job=${job} retries=${retries} />
    <dt>${t("job.took")}</dt><dd>${fmt.duration(elapsed(job, now))}</dd>
    ${job.requested_by && html`<dt>${t("job.by")}</dt><dd>${job.requested_by}</dd>`}
    <dt>${t("job.id")}</dt><dd><code>${job.id}</code></dd>
    <dt>${t("job.workflow")}</dt><dd><code>${job.workflow_id}</code></dd>
    ${job.run_id !== job.id && html`<dt>${t("job.run")}</dt><dd><code>${job.run_id}</code></dd>`}
  </dl>
  ${temporal && html`<a class="temporal" href=${temporal} target="_blank" rel="noopener">${t("job.temporal")}<${Icon} name="external" /></a>`}
  </section>`;
}
