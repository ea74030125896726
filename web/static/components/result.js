// What a job made: its files, and whether they hold what was promised.
import { useState } from "preact/hooks";
import { useApp } from "../context.js";
import { html } from "../html.js";
import { ended } from "../jobs.js";
import { Icon } from "./icon.js";

export function Result({ job, now }) {
  const { t } = useApp();
  const files = job.artifacts ?? [];
  if (job.type === "bulk_save" && !files.length) return null; // no row was refused, or none yet
  return html`<section class="panel facts-card result"><h2>${t(job.type === "bulk_save" ? "job.errors" : "job.result")}</h2>
    ${job.type === "bulk_save" && html`<p class="advice">${t("job.errors.hint")}</p>`}
    ${files.length ? files.map((file) => html`<${File} key=${file.name} job=${job} file=${file} now=${now} />`)
      : html`<p class="muted">${t(ended(job) ? "job.result.nothing" : "job.result.none")}</p>`}
  </section>`;
}

function File({ job, file, now }) {
  const { t, fmt } = useApp();
  const promised = job.progress.rows_total;
  const apart = Math.abs(promised - file.rows);
  const fate = file.deleted_at ? t("job.deleted", { time: fmt.dateTime(file.deleted_at) })
    : Date.parse(file.expires_at) <= now ? t("job.expired") : fmt.dateTime(file.expires_at);
  return html`<h3 class="filename">${file.name}</h3><dl>
    ${job.type === "bulk_save" ? html`<dt>${t("job.errors.rows")}</dt><dd>${fmt.int(file.rows)}</dd>`
      : html`<dt>${t(job.type === "sync" ? "job.items" : "job.rows")}</dt><dd>${fmt.int(promised)} / ${fmt.int(file.rows)}
      ${apart > 0 && html` <span class="flag"><${Icon} name="warning" />${t("job.rows.differ", { n: fmt.int(apart) })}</span>`}</dd>`}
    <dt>${t("job.size")}</dt><dd>${fmt.bytes(file.size)}</dd>
    ${file.sheets > 0 && html`<dt>${t("job.sheets")}</dt><dd>${fmt.int(file.sheets)}</dd>`}
    ${file.cells_truncated > 0 && html`<dt>${t("job.truncated")}</dt><dd>${fmt.int(file.cells_truncated)} <small class="muted">${t("job.truncated.hint")}</small></dd>`}
    ${file.chars_escaped > 0 && html`<dt>${t("job.escaped")}</dt><dd>${fmt.int(file.chars_escaped)} <small class="muted">${t("job.escaped.hint")}</small></dd>`}
    <dt>${t("job.expires")}</dt><dd>${fate}</dd>
    <dt>${t("job.sha")}</dt><dd class="sha"><code>${file.sha256}</code><${Copy} text=${file.sha256} /></dd>
  </dl>`;
}

function Copy({ text }) {
  const { t, announce } = useApp();
  const [done, setDone] = useState(false);
  if (!navigator.clipboard) return null; // browsers keep it for HTTPS and localhost
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return; // refused by the user; the text is on the screen
    }
    announce(t("job.copied"));
    setDone(true);
  };
  return html`<button type="button" class="small quiet" onClick=${copy} onBlur=${() => setDone(false)} aria-label=${t("job.copy")}>
    <${Icon} name=${done ? "check" : "copy"} /></button>`;
}
