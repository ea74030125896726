// The items of a sync, by what became of them; those that did not succeed can be tried again.
import { useState } from "preact/hooks";
import { act, getItems } from "../api.js";
import { useApp } from "../context.js";
import { usePoll } from "../hooks.js";
import { html } from "../html.js";
import { ended } from "../jobs.js";
import { problemOf } from "../problem.js";
import { OUTCOMES, countOf } from "./sync.js";
import { SyncItem } from "./sync_item.js";

const PAGE = 25;
const MOST = 200; // the API's largest page
const POLL = 3000;

// What is looked for first: what went wrong, then what has not been.
const ORDER = ["failed", "unprocessed", "waiting", "succeeded"];

/** A choice is {outcome} or {code}: an item that did not succeed has exactly one code, so that both together say no more. */
const first = (job) => ({ outcome: ORDER.find((name) => countOf(job, name) > 0) ?? "succeeded" });

/** onJob gets a job that tries items again. */
export function SyncItems({ job, onJob }) {
  const { t, fmt, lang, notify } = useApp();
  const [chosen, setChosen] = useState(null); // until somebody chooses, what matters most
  const [busy, setBusy] = useState("");
  const choice = chosen ?? first(job);
  const { page, more } = useItems(job, choice, lang);
  const codes = job.sync?.tally.codes ?? [];
  if (!job.sync || !job.progress.rows_total) return null;

  async function run(name, work) {
    setBusy(name);
    try {
      await work();
    } catch (error) {
      notify(problemOf(error, t, job.type));
    } finally {
      setBusy("");
    }
  }
  const retry = (name, body) => run(name, async () => onJob(await act(job.links.retry, body), "retry"));
  const again = choice.code ? { codes: [choice.code] } : BAD.includes(choice.outcome) && { outcome: choice.outcome };
  const chip = (value, name, label, count) => html`<label key=${name} class="box"><input type="radio" name="items" value=${name}
    checked=${choice.outcome === value.outcome && choice.code === value.code} onChange=${() => setChosen(value)} />
    <span>${label} <b>${fmt.int(count)}</b></span></label>`;

  return html`<section class="panel list items-of" aria-labelledby="items-title">
    <div class="head"><h2 id="items-title">${t("sync.items")}</h2>
      ${job.links.retry && again && page?.total > 0 && html`<button type="button" class="small quiet" data-action="retry-these" disabled=${busy !== ""}
        aria-busy=${busy === "these" ? "true" : undefined} onClick=${() => retry("these", again)}>${t("sync.retry.these", { n: fmt.int(page.total) })}</button>`}</div>
    <div class="sift">
      <fieldset class="boxes" aria-label=${t("items.outcome")}>${OUTCOMES.filter((name) => countOf(job, name) > 0 || choice.outcome === name)
        .map((name) => chip({ outcome: name }, name, t(`sync.outcome.${name}`), countOf(job, name)))}</fieldset>
      ${codes.length > 0 && html`<fieldset class="boxes" aria-label=${t("sync.why")}><span class="label" aria-hidden="true">${t("sync.why")}</span>
        ${codes.map(({ code, count }) => chip({ code }, code, t(`sync.code.${code}`), count))}</fieldset>`}
    </div>
    ${page?.items.length === 0 ? html`<p class="none muted">${t("sync.items.none")}</p>`
      : html`<table class="items sync-items" role="table" aria-labelledby="items-title" aria-busy=${page ? undefined : "true"}>
      <thead role="rowgroup"><tr role="row">
        ${["key", "outcome", "what"].map((name) => html`<th key=${name} role="columnheader" scope="col" class=${`col-${name}`}>${t(name === "key" ? "sync.item" : `items.${name}`)}</th>`)}
      </tr></thead>
      <tbody role="rowgroup">${page ? page.items.map((item) => html`<${SyncItem} key=${item.position} item=${item} busy=${busy}
          onRetry=${job.links.retry && BAD.includes(item.outcome) ? () => retry(item.position, { positions: [item.position] }) : null} />`)
        : html`<tr role="row"><td role="cell" colspan="3"><div class="skeleton" /></td></tr>`}</tbody>
    </table>`}
    ${page?.next_page_token && html`<button type="button" id="more-items" class="quiet wide" aria-busy=${busy === "more" ? "true" : undefined}
      disabled=${busy !== ""} onClick=${() => run("more", more)}>${t("list.more")}</button>`}
  </section>`;
}

const BAD = ["failed", "unprocessed"];

/** The items of a choice, kept up to date while the job runs; page is null until they are known. */
function useItems(job, choice, lang) {
  const [page, setPage] = useState(null); // an ItemPage with the key that it was asked for with
  const key = `${choice.outcome ?? ""} ${choice.code ?? ""} ${lang} ${job.id}`;
  const version = `${key} ${ended(job) ? "ended" : ""}`;
  const query = { ...choice, locale: lang };
  const known = page?.key === key ? page : null;
  usePoll(async (signal) => {
    const shown = known?.items ?? [];
    const found = await getItems(job.id, { ...query, page_size: Math.min(MOST, Math.max(PAGE, shown.length)) }, signal);
    if (signal.aborted) return;
    // What was loaded beyond one page of the API stays as it was.
    const fresh = found.items ?? [];
    const tail = found.next_page_token && shown.length > fresh.length ? shown.filter((item) => item.position > fresh.at(-1).position) : [];
    setPage({ ...found, key, version, items: [...fresh, ...tail], next_page_token: tail.length ? known.next_page_token : found.next_page_token });
  }, POLL, !ended(job) || page?.version !== version, version);

  async function more() {
    const next = await getItems(job.id, { ...query, page_size: PAGE, page_token: known.next_page_token });
    setPage((old) => (old.key === key ? { ...next, key, version: old.version, items: [...old.items, ...(next.items ?? [])] } : old));
  }
  return { page: known, more };
}
