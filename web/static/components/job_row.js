import { useApp } from "../context.js";
import { html } from "../html.js";
import { ended } from "../jobs.js";
import { Actions } from "./actions.js";
import { Icon } from "./icon.js";
import { Facts, Flags, Meter, Pill, elapsed, reasonOf } from "./status.js";

// The roles are spelled out because the narrow layout shows rows as cards, and a browser takes a table that
// is not displayed as one for no table.

/** One job of the list. Every cell has two lines from the start, so that nothing moves when facts come in. */
export function JobRow({ job, now, onJob }) {
  const { t, fmt, titleOf } = useApp();
  const href = `#/jobs/${encodeURIComponent(job.id)}`;
  // The counts of a save or sync say themselves what is missing, and have little room.
  const reason = job.state === "partially_succeeded" && (job.save || job.sync) ? "" : reasonOf(job, t);
  const time = fmt.duration(elapsed(job, now));
  return html`<tr role="row" data-job=${job.id} data-state=${job.state}>
    <td role="cell" class="what"><a href=${href}>${titleOf(job)}</a>
      <small>${job.tenant} · <code>${job.id.slice(0, 8)}</code></small></td>
    <td role="cell" class="state"><${Pill} state=${job.state} /><small><${Flags} job=${job} now=${now} /></small></td>
    <td role="cell" class="progress"><${Meter} job=${job} />
      <small>${reason ? html`<span class="reason" title=${job.message}>${reason}</span>` : null}
        ${reason && !job.progress.rows_total ? null : html`<${Facts} job=${job} now=${now} />`}</small></td>
    <td role="cell" class="when"><time datetime=${job.created_at} title=${fmt.dateTime(job.created_at)}>
      ${fmt.moment(job.created_at, now)}</time>
      <small>${t(ended(job) ? "progress.took" : "progress.running", { time })}</small></td>
    <td role="cell" class="do"><${Actions} job=${job} now=${now} onJob=${onJob} />
      <a class="more" href=${href} aria-label=${`${t("act.details")}: ${titleOf(job)} ${job.tenant}`}>
        <${Icon} name="details" /></a></td>
  </tr>`;
}
