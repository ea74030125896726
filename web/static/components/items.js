// The rows of a bulk save: what is, or would be, of each of a sample of them.
import { useState } from "preact/hooks";
import { getItems } from "../api.js";
import { useApp, useKind } from "../context.js";
import { usePoll } from "../hooks.js";
import { html } from "../html.js";
import { ended, held } from "../jobs.js";
import { problemOf } from "../problem.js";
import { outcomesOf, placeWords, tallyOf } from "./save.js";

const PAGE = 25;
const AGAIN = 3000; // ms between attempts while the API is away

// The roles are spelled out for the narrow layout, as those of the list of jobs.

/** Nothing until a report has been written: when the dry run waits, and at the end. */
export function Items({ job }) {
  const ready = Boolean(job.save?.checked && held(job)) || ended(job);
  const [seen, setSeen] = useState(false); // what the dry run has shown stays while it is carried out
  if (ready && !seen) setSeen(true);
  if (!(ready || seen) || !tallyOf(job)) return null;
  return html`<${Table} job=${job} version=${ended(job) ? "end" : "held"} />`;
}

function Table({ job, version }) {
  const { t, fmt, lang, notify } = useApp();
  const [outcome, setOutcome] = useState("");
  const [page, setPage] = useState(null); // {key, items, total, complete, next_page_token}
  const [busy, setBusy] = useState(false);
  const query = { outcome, locale: lang, page_size: PAGE };
  const key = `${version} ${outcome} ${lang}`;
  usePoll(async (signal) => {
    const found = await getItems(job.id, query, signal);
    if (!signal.aborted) setPage({ ...found, items: found.items ?? [], key });
  }, AGAIN, page?.key !== key, key);

  async function more() {
    setBusy(true);
    try {
      const next = await getItems(job.id, { ...query, page_token: page.next_page_token });
      setPage((old) => (old.key === key ? { ...next, key, items: [...old.items, ...(next.items ?? [])] } : old));
    } catch (error) {
      notify(problemOf(error, t));
    } finally {
      setBusy(false);
    }
  }

  const tally = tallyOf(job);
  const choices = outcomesOf(job).filter((name) => tally[name] > 0 && name !== "superseded");
  if (page?.items.length === 0 && !outcome) return null;
  return html`<section class="panel list items-of" aria-labelledby="items-title">
    <div class="head"><h2 id="items-title">${t("items.title")}</h2>
      <div class="by"><label><span>${t("items.outcome")}</span><select name="outcome" value=${outcome} onChange=${(e) => setOutcome(e.currentTarget.value)}>
        <option value="">${t("list.all")}</option>
        ${choices.map((name) => html`<option key=${name} value=${name}>${t(`outcome.${name}`)}</option>`)}</select></label></div></div>
    ${page?.items.length === 0 ? html`<p class="none muted">${t("items.none")}</p>` : html`<table class="items" role="table" aria-labelledby="items-title" aria-busy=${page ? undefined : "true"}>
      <thead role="rowgroup"><tr role="row">
        ${["row", "key", "outcome", "what"].map((name) => html`<th key=${name} role="columnheader" scope="col" class=${`col-${name}`}>${t(`items.${name}`)}</th>`)}
      </tr></thead>
      <tbody role="rowgroup">${page ? page.items.map((item) => html`<${Item} key=${item.position} item=${item} job=${job} />`)
        : html`<tr role="row"><td role="cell" colspan="4"><div class="skeleton" /></td></tr>`}</tbody>
    </table>`}
    ${page?.next_page_token && html`<button type="button" id="more-items" class="quiet wide" aria-busy=${busy ? "true" : undefined} disabled=${busy}
      onClick=${more}>${t("list.more")}</button>`}
    ${page && !page.complete && html`<p class="none muted">${t("items.sample", { n: fmt.int(page.total) })}</p>`}
  </section>`;
}

function Item({ item, job }) {
  const { t } = useApp();
  return html`<tr role="row" data-outcome=${item.outcome}>
    <td role="cell" class="row">${item.row ? placeWords(item, t) : ""}</td>
    <td role="cell" class="key">${item.key}</td>
    <td role="cell" class="outcome"><span class="mark ${TONES[item.outcome] ?? ""}">${t(`outcome.${item.outcome}`)}</span></td>
    <td role="cell" class="what">${item.errors?.length > 0 && html`<ul>${item.errors.map((error, i) => html`<li key=${i}>${error.message || t(`code.${error.code}`)}</li>`)}</ul>`}
      ${item.changes?.length > 0 && html`<ul>${item.changes.map((change) => html`<li key=${change.column}><${Change} change=${change} job=${job} /></li>`)}</ul>`}</td>
  </tr>`;
}

const TONES = { created: "good", updated: "info", refused: "bad", reversed: "good", kept: "warn" };

function Change({ change, job }) {
  const { t, text } = useApp();
  const kind = useKind(job.type, job.kind);
  const column = change.column.split(".").at(-1); // it may come with its table's name
  const header = text(kind?.fields.find((field) => field.name === column)?.header) || column;
  return html`<strong>${header}</strong>: <span class="before">${change.before || t("items.empty")}</span>
    <span aria-hidden="true"> → </span><span class="unseen">${t("items.becomes")}</span><span>${change.after || t("items.empty")}</span>`;
}
