// One item of a sync: what it is, what became of it and why, and every attempt that was made.
import { useApp } from "../context.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";
import { placeWords } from "./save.js";

const TONES = { succeeded: "good", failed: "bad", unprocessed: "warn" };

/** onRetry is null where the item cannot be tried again now. */
export function SyncItem({ item, busy, onRetry }) {
  const { t, fmt } = useApp();
  const outcome = item.outcome || "waiting";
  const name = item.key || `#${item.position}`;
  return html`<tr role="row" data-outcome=${outcome} data-position=${item.position} data-code=${item.code}>
    <td role="cell" class="key">${name} <small class="muted">#${fmt.int(item.position)}${item.row ? ` · ${placeWords(item, t)}` : ""}</small></td>
    <td role="cell" class="outcome"><span class="mark ${TONES[outcome] ?? ""}">${t(`sync.outcome.${outcome}`)}</span>
      ${onRetry && html`<button type="button" class="small quiet" data-action="retry-one" aria-label=${t("sync.retry.one.of", { item: name })}
        disabled=${busy !== ""} aria-busy=${busy === item.position ? "true" : undefined} onClick=${onRetry}><${Icon} name="retry" /><span>${t("sync.retry.one")}</span></button>`}</td>
    <td role="cell" class="what">
      ${item.code && html`<strong class="why">${t(`sync.code.${item.code}`)}</strong>`}
      ${item.message && item.message !== item.meaning && html`<p class="said">${item.message}</p>`}
      ${item.errors?.length > 0 && html`<ul>${item.errors.map((error, i) => html`<li key=${i}>${error.message || t(`code.${error.code}`)}</li>`)}</ul>`}
      ${item.remote_id && html`<p class="remote">${t("sync.remote")} <code>${item.remote_id}</code></p>`}
      <${Tries} item=${item} /></td>
  </tr>`;
}

/** How often an item was sent, and when opened, each time. */
function Tries({ item }) {
  const { t, fmt } = useApp();
  const { attempts = 0, tries = [] } = item;
  if (!attempts) return null;
  if (!tries.length) return html`<p class="muted">${t("sync.attempts", { n: fmt.int(attempts) })}</p>`;
  return html`<details class="tries"><summary>${t("sync.attempts", { n: fmt.int(attempts) })}</summary>
    ${attempts > tries.length && html`<p class="muted">${t("sync.tries.last", { n: fmt.int(tries.length) })}</p>`}
    <ol>${tries.map((attempt, i) => html`<li key=${i}><time datetime=${attempt.at}>${fmt.dateTime(attempt.at)}</time>
      <span class=${attempt.code ? "bad" : "good"}>${attempt.status ? `HTTP ${attempt.status}` : t("sync.try.silent")}</span>
      <span>${fmt.millis(attempt.millis)}</span>
      ${attempt.code && html`<span>${t(`sync.code.${attempt.code}`)}</span>`}
      ${attempt.message && attempt.message !== item.message && html`<span class="said">${attempt.message}</span>`}
      ${attempt.job_id && html`<a href=${`#/jobs/${attempt.job_id}`}>${t("sync.try.earlier")}</a>`}</li>`)}</ol>
  </details>`;
}
