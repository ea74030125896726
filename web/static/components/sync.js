// What became of the items of a sync, and what it waits for.
import { useApp } from "../context.js";
import { html } from "../html.js";
import { ended } from "../jobs.js";
import { Icon } from "./icon.js";

const TONES = { succeeded: "good", failed: "bad", waiting: "info", unprocessed: "warn" };

/** The outcomes that items can have, in the order in which they are shown; waiting is that of those without one. */
export const OUTCOMES = Object.keys(TONES);

/** How many items of a job have an outcome. An ended job has none that wait. */
export function countOf(job, outcome) {
  if (outcome !== "waiting") return job.sync?.tally[outcome] ?? 0;
  return ended(job) ? 0 : Math.max(0, job.progress.rows_total - job.progress.rows_done);
}

const BAD = ["failed", "unprocessed"]; // told first where there is room for a few words only

/** The counts of a job in a line, as strings. */
export const syncWords = (job, { t, fmt }) => [...BAD, "succeeded"].filter((name) => countOf(job, name) > 0)
  .map((name) => t(`sync.n.${name}`, { n: fmt.int(countOf(job, name)) }));

/** What a job waits for, and how long still, as strings. */
export function waitWords(job, now, { t, fmt }) {
  const wait = job.sync?.wait;
  if (!wait) return [];
  const left = Date.parse(wait.until) - now;
  return [t(`sync.wait.${wait.why}.short`), left > 0 ? t("sync.left", { time: fmt.countdown(left) }) : t("sync.any")];
}

/** The bar of a sync: what succeeded, failed and was not processed, one after the other. */
export function SyncBar({ job, label }) {
  const { t, fmt } = useApp();
  const { rows_done: done, rows_total: total } = job.progress;
  let at = 0;
  const parts = ["succeeded", "failed", "unprocessed"].map((name) => {
    const part = { name, from: at, share: (countOf(job, name) / total) * 100 };
    at += part.share;
    return part;
  });
  const words = [t("progress.items", { done: fmt.int(done), total: fmt.int(total) }), ...syncWords(job, { t, fmt })].join(", ");
  return html`<svg class="bar parts" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${Math.min(done, total)}
    aria-valuetext=${words} viewBox="0 0 100 1" preserveAspectRatio="none">
    ${parts.map(({ name, from, share }) => share > 0 && html`<rect key=${name} class=${`part-${name}`} x=${from} width=${share} height="1" />`)}</svg>`;
}

/** The counts of a sync, large. */
export function SyncTallies({ job }) {
  const { t, fmt } = useApp();
  if (!job.sync || !job.progress.rows_total) return null;
  const shown = OUTCOMES.filter((name) => !ended(job) || name !== "waiting");
  return html`<section class="panel tallies" aria-labelledby="tally-title"><h2 id="tally-title">${t(ended(job) ? "sync.tally.ended" : "sync.tally")}</h2>
    <dl class="tiles">${shown.map((name) => html`<div key=${name} class="tile ${countOf(job, name) > 0 ? TONES[name] : ""}" data-outcome=${name}>
      <dt>${t(`sync.outcome.${name}`)}</dt><dd>${fmt.int(countOf(job, name))}</dd></div>`)}</dl>
  </section>`;
}

/** What a sync waits for, told once to screen readers and counted down for eyes. */
export function Waiting({ job, now }) {
  const { t, fmt } = useApp();
  const wait = ended(job) ? null : job.sync?.wait;
  const left = wait ? Date.parse(wait.until) - now : 0;
  return html`<div class="waiting" role="status">${wait && html`<div class="notice warn" id="wait" data-why=${wait.why}><${Icon} name="clock" />
    <span><strong>${t(`sync.wait.${wait.why}`, { partner: job.sync.partner })}</strong>
      <br />${t(`sync.wait.${wait.why}.until`, { time: fmt.moment(wait.until, now) })} ${t("sync.wait.since", { time: fmt.moment(wait.since, now) })}</span>
    <span class="clock" role="timer" aria-live="off">${left > 0 ? fmt.countdown(left) : t("sync.any")}</span></div>`}</div>`;
}

/** The jobs that a sync comes from or has led to, as lines of a list of facts. retries: jobs. */
export function SyncTies({ job, retries }) {
  const { t } = useApp();
  const link = (id) => html`<a href=${`#/jobs/${id}`}><code>${id.slice(0, 8)}</code></a>`;
  const of = job.sync?.retry_of;
  return html`
    ${of && html`<dt>${t("sync.retryOf")}</dt><dd data-tie="retry-of">${link(of)}</dd>`}
    ${retries.length > 0 && html`<dt>${t("sync.retries")}</dt><dd data-tie="retries" class="links">${retries.map((each) => html`<span key=${each.id}>${link(each.id)} ${t(`state.${each.state}`)}</span>`)}</dd>`}`;
}
