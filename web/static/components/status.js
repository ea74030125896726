// How a job's state and progress look, in the list and on its own page.
import { useApp } from "../context.js";
import { html } from "../html.js";
import { ended, held } from "../jobs.js";
import { Icon } from "./icon.js";
import { tallyWords } from "./save.js";
import { phaseOf } from "./steps.js";
import { SyncBar, syncWords, waitWords } from "./sync.js";

/** The state as a coloured pill. */
export function Pill({ state }) {
  const { t } = useApp();
  return html`<span class="pill pill-${state}"><span class="dot" aria-hidden="true"></span>${t(`state.${state}`)}</span>`;
}

/** Warnings: nothing has moved, or nobody answers. */
export function Flags({ job, now }) {
  const { t, fmt } = useApp();
  if (ended(job)) return null;
  const since = (at) => fmt.forecast(now - Date.parse(at));
  const stalled = job.progress.stalled_since;
  const stale = job.stale_since;
  return html`
    ${stalled && html`<span class="flag"><${Icon} name="warning" />${t("flag.stalled", { time: since(stalled) })}</span>`}
    ${stale && html`<span class="flag" title=${t("flag.stale.hint", { time: since(stale) })}>
      <${Icon} name="warning" />${t("flag.stale")}</span>`}`;
}

/** The bar with its share beside it, whose place is kept while there is none. */
export function Meter({ job }) {
  const { fmt } = useApp();
  const { rows_done: done, rows_total: total } = job.progress;
  return html`<div class="meter"><${Bar} job=${job} />
    <span class="share">${total > 0 || job.state === "succeeded" ? fmt.percent(done, total) : ""}</span></div>`;
}

/**
 * The bar. Without a value it moves to and fro: while rows are being counted there is no share to show.
 * The two have different keys, because a progress element does not forget a value once it had one.
 */
function Bar({ job }) {
  const { t, fmt } = useApp();
  const { phase, rows_done: done, rows_total: total } = job.progress;
  const label = t("progress.label");
  if (job.sync && total > 0) return html`<${SyncBar} job=${job} label=${label} />`;
  const look = `bar bar-${job.state}`;
  if (job.state === "running" && phase === "planning") {
    return html`<progress key="counting" class=${look} aria-label=${label}></progress>`;
  }
  const full = job.state === "succeeded";
  return html`<progress key="share" class=${look} aria-label=${label} aria-valuetext=${fmt.percent(done, total)}
    max=${total || 1} value=${full ? total || 1 : Math.min(done, total)}></progress>`;
}

// The phases in which rows are counted, and forecast.
const COUNTING = ["pages", "checking", "comparing", "applying", "undoing", "sending"];

/** What the bar means, in words. */
export function Facts({ job, now }) {
  const { t, fmt } = useApp();
  const parts = accountWords(job, { t, fmt });
  if (!parts.length) parts.push(...progressWords(job, now, { t, fmt }));
  return html`<span class="facts">${parts.map((part) => html`<span key=${part}>${part}</span>`)}</span>`;
}

/** What a job has done to single rows or items, where that says more than how far it is. */
function accountWords(job, words) {
  if (job.type === "sync") return ended(job) ? syncWords(job, words) : [];
  return job.type === "bulk_save" && (ended(job) || held(job)) ? tallyWords(job, words) : [];
}

function progressWords(job, now, { t, fmt }) {
  const { rows_done: done, rows_total: total, rate, eta } = job.progress;
  const sync = job.type === "sync";
  if (job.state === "succeeded") return [t(sync ? "progress.sent" : "progress.written", { n: fmt.int(done) })];
  const parts = total > 0 ? [t(sync ? "progress.items" : "progress.rows", { done: fmt.int(done), total: fmt.int(total) })] : [];
  if (job.state === "waiting") return [...parts, ...waitWords(job, now, { t, fmt })];
  if (sync && job.sync?.tally.failed > 0) parts.push(t("sync.n.failed", { n: fmt.int(job.sync.tally.failed) }));
  if (job.state !== "running" && job.state !== "queued") return parts;
  const phase = phaseOf(job);
  // An export only reads pages; of a save it matters whether it writes already.
  if (phase !== "pages" && phase !== "done") parts.push(t(`phase.${phase}.now`));
  if (!COUNTING.includes(phase)) return parts;
  if (eta && !job.stale_since) {
    const left = Date.parse(eta) - now;
    parts.push(left > 0 ? t("progress.left", { time: fmt.forecast(left) }) : t("progress.soon"));
  }
  if (rate > 0) parts.push(sync ? t("progress.pace", { n: fmt.rate(rate) }) : t("progress.rate", { n: fmt.int(rate) }));
  return parts;
}

// Reasons whose facts are on the page in the reader's language, so that the server's message would only repeat them.
const COUNTED = ["rows_refused", "rows_kept", "stale", "items_failed"];

/** Why a job ended as it did. */
export function reasonOf(job, t) {
  if (!job.reason) return "";
  if (job.state === "failed" && job.reason === "rows_refused") return t("reason.all_refused");
  if (job.state === "failed" && job.reason === "rows_kept") return t("reason.all_kept");
  if (job.state === "failed" && job.reason === "items_failed") return t("reason.all_failed");
  return t(`reason.${job.reason}`);
}

/** The server's own words about that, where they say more. */
export const messageOf = (job) => (COUNTED.includes(job.reason) ? "" : job.message);

/** How long the job has taken so far, or took, in ms. */
export const elapsed = (job, now) => Date.parse(job.ended_at ?? new Date(now).toISOString()) - Date.parse(job.created_at);

/** The files of a job that can still be had. */
export const available = (job, now) => (job.artifacts ?? []).filter(
  (file) => file.url && Date.parse(file.expires_at) > now);
