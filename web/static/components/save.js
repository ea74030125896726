// What became of the rows of a bulk save, and what other jobs it has to do with.
import { useApp } from "../context.js";
import { html } from "../html.js";
import { ended } from "../jobs.js";
import { Icon } from "./icon.js";

const OUTCOMES = ["created", "updated", "unchanged", "superseded", "refused"];
const BAD = ["refused", "kept"]; // told first where there is room for a few words only
const RARE = ["superseded"]; // shown only where there are some
const TONES = { created: "good", updated: "info", refused: "bad", reversed: "good", kept: "warn", superseded: "warn" };

/** The outcomes that a job can have, in order. */
export const outcomesOf = (job) => (job.save?.undoes ? ["reversed", "kept"] : OUTCOMES);

/** What has happened so far, or would happen: undefined while nothing is known. */
export const tallyOf = (job) => job.save?.saved ?? job.save?.checked;

/** The counts of a job in a line, as strings. What a dry run has found is nothing that an ended job has done. */
export function tallyWords(job, { t, fmt }) {
  const tally = ended(job) ? job.save?.saved : tallyOf(job);
  if (!tally) return [];
  return [...outcomesOf(job)].sort((a, b) => BAD.includes(b) - BAD.includes(a)).filter((name) => tally[name] > 0).map((name) => t(`tally.${name}`, { n: fmt.int(tally[name]) }));
}

/** The counts of a bulk save, large, with the errors by kind. */
export function Tallies({ job, now }) {
  const { t, fmt } = useApp();
  const tally = tallyOf(job);
  if (!tally) return null;
  const { checked, saved, undo_until: until, undone_by: undoneBy } = job.save;
  const title = job.save.undoes ? "undo" : saved ? (ended(job) ? "saved" : "sofar") : ended(job) ? "unsaved" : "checked";
  const shown = outcomesOf(job).filter((name) => !RARE.includes(name) || tally[name] > 0);
  return html`<section class="panel tallies" aria-labelledby="tally-title"><h2 id="tally-title">${t(`tally.title.${title}`)}</h2>
    <dl class="tiles">${shown.map((name) => html`<div key=${name} class="tile ${tally[name] > 0 ? TONES[name] ?? "" : ""}" data-outcome=${name}>
      <dt>${t(`outcome.${name}`)}</dt><dd>${fmt.int(tally[name] ?? 0)}</dd>
      ${saved && checked && html`<dd class="before">${t("tally.checked", { n: fmt.int(checked[name] ?? 0) })}</dd>`}</div>`)}</dl>
    <${Codes} codes=${tally.codes} title=${t(job.save.undoes ? "codes.kept" : "codes.refused")} />
    ${undoneBy ? html`<p class="notice info"><${Icon} name="undo" /><span>${t("save.undone")} <a href=${`#/jobs/${undoneBy}`}>${t("save.undone.open")}</a></span></p>`
      : until && Date.parse(until) > now && html`<p class="until">${t("save.undo.until", { time: fmt.dateTime(until) })}</p>`}
  </section>`;
}

function Codes({ codes, title }) {
  const { t, fmt } = useApp();
  if (!codes?.length) return null;
  return html`<div class="codes"><h3>${title} <span class="count">${t("codes.hint")}</span></h3>
    <dl>${codes.map(({ code, count }) => html`<div key=${code} data-code=${code}><dt>${t(`code.${code}`)}</dt><dd>${fmt.int(count)}</dd></div>`)}</dl></div>`;
}

/** Where a row is: 12행, or Sheet2 12행. */
export function placeWords({ sheet, row }, t) {
  return sheet ? t("row.ofSheet", { sheet, row }) : t("row.at", { row });
}

/** The rows for which a dry run no longer holds. */
export function Stale({ job }) {
  const { t } = useApp();
  const rows = job.save?.stale;
  return rows?.length > 0 && html`<br /><span class="stale">${t("save.stale", { rows: rows.map((row) => placeWords(row, t)).join(", ") })}</span>`;
}

/** The jobs that this one comes from or has led to, as lines of a list of facts. */
export function Ties({ job }) {
  const { t } = useApp();
  return ["parent", "undoes", "undone_by"].filter((name) => job.save?.[name]).map((name) => html`<dt key=${name}>${t(`save.tie.${name}`)}</dt>
    <dd><a href=${`#/jobs/${job.save[name]}`}><code>${job.save[name].slice(0, 8)}</code></a></dd>`);
}
