// How the account of a partner stands: its pace, and what holds it back.
import { useApp } from "../context.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** The panel of a job's page. */
export function Pace({ job, now }) {
  const { t } = useApp();
  const account = job.sync?.account;
  if (!account) return null;
  return html`<section class="panel pace" aria-labelledby="pace-title">
    <div class="head"><h2 id="pace-title">${t("pace.title", { partner: account.partner })}</h2><a href="#/partners">${t("pace.change")}</a></div>
    <${AccountFacts} account=${account} now=${now} />
  </section>`;
}

/** An account as a list of facts. What a clock says is told to screen readers as a time, not each second. */
export function AccountFacts({ account, now }) {
  const { t, fmt } = useApp();
  const { in_flight: flying, max_in_flight: most, interval_ms: interval, quota_used: used, daily_quota: quota } = account;
  const later = (at) => (at && Date.parse(at) > now ? at : null);
  const cooling = later(account.cooling_until);
  const eased = later(account.eased_until);
  return html`<dl class="account">
    <div data-fact="in-flight"><dt>${t("pace.inFlight")}</dt><dd>${t("pace.inFlight.of", { n: fmt.int(flying), most: fmt.int(most) })}</dd></div>
    <div data-fact="interval"><dt>${t("pace.interval")}</dt><dd>${interval > 0 ? t("pace.interval.every", { time: fmt.millis(interval) }) : t("pace.interval.none")}
      ${eased && html`<span class="mark warn">${t("pace.eased", { time: fmt.moment(eased, now) })}</span>`}</dd></div>
    ${cooling && html`<div data-fact="cooling" class="held"><dt><${Icon} name="clock" /> ${t("pace.cooling")}</dt>
      <dd>${t("pace.until", { time: fmt.moment(cooling, now) })} · <${Countdown} until=${cooling} now=${now} /></dd></div>`}
    ${account.open_since && html`<div data-fact="open" class="held"><dt><${Icon} name="warning" /> ${t("pace.open")}</dt>
      <dd>${t("pace.since", { time: fmt.moment(account.open_since, now) })}${account.probe_at && html` · ${t("pace.probe")} <${Countdown} until=${account.probe_at} now=${now} />`}</dd></div>`}
    <div data-fact="quota" class=${quota > 0 && used >= quota ? "held" : ""}><dt>${t("pace.quota")}</dt>
      <dd>${quota > 0 ? t("pace.quota.of", { n: fmt.int(used), quota: fmt.int(quota) }) : t("pace.quota.none", { n: fmt.int(used) })}
      ${quota > 0 && account.quota_reset && html` <small class="muted">${t("pace.quota.reset", { time: fmt.moment(account.quota_reset, now) })}</small>`}</dd></div>
    <div data-fact="starts"><dt>${t("pace.starts")}</dt><dd>${fmt.int(account.starts)}</dd></div>
  </dl>`;
}

/** Runs down to an instant. */
function Countdown({ until, now }) {
  const { t, fmt } = useApp();
  const left = Date.parse(until) - now;
  return html`<span class="clock" role="timer" aria-live="off">${left > 0 ? fmt.countdown(left) : t("sync.any")}</span>`;
}
