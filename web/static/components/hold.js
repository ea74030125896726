// A dry run that waits for an answer.
import { useState } from "preact/hooks";
import { act } from "../api.js";
import { useApp } from "../context.js";
import { html } from "../html.js";
import { held } from "../jobs.js";
import { problemOf } from "../problem.js";
import { Icon } from "./icon.js";

/** onJob gets the job as it is after the answer. */
export function Hold({ job, onJob }) {
  const { t, fmt, notify, confirm } = useApp();
  const [busy, setBusy] = useState("");
  if (!held(job)) return null;
  const { checked, hold_until: until } = job.save ?? {};
  const writes = (checked?.created ?? 0) + (checked?.updated ?? 0);

  async function answer(action) {
    if (action === "cancel") {
      const sure = await confirm({ title: t("hold.discard.title"), text: t("hold.discard.text"), yes: t("hold.discard"), no: t("hold.discard.no") });
      if (!sure) return;
    }
    setBusy(action);
    try {
      onJob(await act(job.links[action]));
    } catch (error) {
      notify(problemOf(error, t));
    } finally {
      setBusy("");
    }
  }
  const button = (action, label, look) => job.links[action] && html`<button type="button" class=${look} data-action=${action}
    disabled=${busy !== ""} aria-busy=${busy === action ? "true" : undefined} onClick=${() => answer(action)}>${label}</button>`;

  return html`<section class="hold" aria-labelledby="hold-title">
    <p><strong id="hold-title"><${Icon} name="clock" /> ${t("hold.title")}</strong>
      <span>${writes ? t("hold.writes", { n: fmt.int(writes) }) : t("hold.writes.none")}
        ${checked?.refused > 0 && ` ${t("hold.refused", { n: fmt.int(checked.refused) })}`}</span>
      ${until && html`<small>${t("hold.until", { time: fmt.dateTime(until) })}</small>`}</p>
    <div class="choices">${button("cancel", t("hold.discard"), "quiet")}${button("resume", t("hold.save"), "")}</div>
  </section>`;
}
