// One schedule: what it starts, when, what became of it, and what can be done with it.
import { useEffect, useRef, useState } from "preact/hooks";
import { changeSchedule, deleteSchedule, getSchedule, runSchedule, serverNow } from "../api.js";
import { useApp, useKind } from "../context.js";
import { cronWords } from "../cron.js";
import { useInSight, usePoll, useVisible } from "../hooks.js";
import { html } from "../html.js";
import { problemOf } from "../problem.js";
import { Icon } from "./icon.js";
import { Notice } from "./notice.js";
import { Filters } from "./request.js";
import { When, localZone } from "./when.js";

// The jobs of a schedule cost its server several calls to Temporal: they are asked for where somebody can see them, and
// often only just after something was done here.
const POLL = 20_000;
const SOON = 1500;
const LIVELY = 15_000; // ms after that

const SHOWN = 3; // of the next times

/** schedule is that of the list, without its request and jobs. */
export function Schedule({ schedule, now, onChanged, onDeleted }) {
  const { t, lang, titleOf, notify, confirm, announce } = useApp();
  const [detail, setDetail] = useState(null);
  const [done, setDone] = useState(0); // when something was done here last
  const [busy, setBusy] = useState("");
  const [editing, setEditing] = useState(false);
  const visible = useVisible();
  const card = useRef(null);
  const seen = useInSight(card);
  usePoll(async (signal) => {
    const found = await getSchedule(schedule.id, signal);
    if (!signal.aborted) setDetail(found);
  }, now - done < LIVELY ? SOON : POLL, visible && seen, `${schedule.id} ${done} ${schedule.next?.[0]}`);
  const title = titleOf(schedule);
  const name = `${title} ${schedule.tenant}`;

  async function run(action, work, said) {
    setBusy(action);
    try {
      await work();
      setDone(serverNow());
      if (said) announce(t(said, { kind: name }));
    } catch (error) {
      notify(problemOf(error, t));
    } finally {
      setBusy("");
    }
  }
  const toggle = () => run("pause", async () => onChanged(await changeSchedule(schedule.id, { paused: !schedule.paused })), schedule.paused ? "schedule.resumed" : "schedule.paused");
  const start = () => run("run", () => runSchedule(schedule.id), "schedule.ran");
  async function remove() {
    if (!(await confirm({ title: t("schedule.delete.title"), text: `${name}. ${t("schedule.delete.text")}`, yes: t("schedule.delete"), no: t("schedule.delete.no") }))) return;
    await run("delete", async () => {
      await deleteSchedule(schedule.id);
      onDeleted(schedule.id);
    }, "schedule.deleted");
  }
  const button = (action, icon, label, onClick, look = "", open = undefined) => html`<button type="button" class=${`small quiet ${look}`} data-action=${action} disabled=${busy !== ""}
    aria-busy=${busy === action ? "true" : undefined} aria-label=${`${label}: ${name}`} aria-expanded=${open} onClick=${onClick}><${Icon} name=${icon} /><span>${label}</span></button>`;
  const words = cronWords(schedule.cron, t, lang);

  return html`<section ref=${card} class="panel schedule" data-schedule=${schedule.id} aria-labelledby=${`schedule-${schedule.id}`}>
    <div class="head"><div><h2 id=${`schedule-${schedule.id}`}>${title} <span class="mark ${schedule.paused ? "warn" : "good"}">${t(schedule.paused ? "schedule.state.paused" : "schedule.state.active")}</span></h2>
        <p class="muted">${t(`type.${schedule.type}`)} · ${schedule.tenant} · <code>${schedule.id}</code></p></div>
      <div class="actions">${button("run", "resume", t("schedule.run"), start)}
        ${button("pause", schedule.paused ? "resume" : "pause", t(schedule.paused ? "schedule.resume" : "schedule.pause"), toggle)}
        ${button("edit", "edit", t("schedule.edit"), () => setEditing(!editing), "", String(editing))}
        ${button("delete", "cancel", t("schedule.delete"), remove, "danger")}</div></div>
    ${editing ? html`<${Edit} schedule=${schedule} onDone=${(after) => { setEditing(false); if (after) { onChanged(after); setDone(serverNow()); } }} />`
      : html`<p class="rule"><strong>${words || html`<code>${schedule.cron}</code>`}</strong>
        <span class="muted">${words && html`<code>${schedule.cron}</code> · `}${schedule.time_zone} · ${t("schedule.overlapping", { what: t(`schedule.overlap.${schedule.overlap}`) })}</span></p>
        ${schedule.note && html`<p class="note">${schedule.note}</p>`}`}
    <div class="columns-2">
      <${Next} schedule=${schedule} />
      <${Recent} jobs=${detail?.recent} skipped=${schedule.skipped} now=${now} />
      <${Wanted} schedule=${schedule} request=${detail?.request} />
    </div>
  </section>`;
}

function Next({ schedule }) {
  const { t, fmt } = useApp();
  const { next = [], time_zone: zone } = schedule;
  const elsewhere = zone !== localZone();
  return html`<div class="next"><h3>${t("schedule.next")}</h3>
    ${next.length ? html`<ol>${next.slice(0, SHOWN).map((at) => html`<li key=${at}><time datetime=${at}>${fmt.inZone(at, zone)}</time>
      ${elsewhere && html` <small class="muted">${t("schedule.here", { time: fmt.inZone(at) })}</small>`}</li>`)}</ol>`
      : html`<p class="muted">${t(schedule.paused ? "schedule.next.paused" : "schedule.next.none")}</p>`}</div>`;
}

function Recent({ jobs, skipped, now }) {
  const { t, fmt } = useApp();
  return html`<div class="recent"><h3>${t("schedule.recent")}</h3>
    ${jobs?.length ? html`<ol>${jobs.slice(0, SHOWN).map(({ at, job_id: id }) => html`<li key=${at}><time datetime=${at}>${fmt.moment(at, now)}</time>
      ${id ? html` <a href=${`#/jobs/${id}`}><code>${id.slice(0, 8)}</code></a>` : html` <span class="muted">${t("schedule.recent.none")}</span>`}</li>`)}</ol>`
      : html`<p class="muted">${t("schedule.recent.empty")}</p>`}
    ${skipped > 0 && html`<p class="muted">${t("schedule.skipped", { n: fmt.int(skipped) })}</p>`}</div>`;
}

/** What each job is started with. */
function Wanted({ schedule, request }) {
  const { t } = useApp();
  const kind = useKind(schedule.type, schedule.kind);
  return html`<div class="facts-card"><h3>${t("job.request")}</h3><dl>${request && html`<${Filters} request=${request} kind=${kind} />`}</dl></div>`;
}

/** onDone gets the schedule as it is after a change, or nothing. */
function Edit({ schedule, onDone }) {
  const { t } = useApp();
  const before = { cron: schedule.cron, time_zone: schedule.time_zone, overlap: schedule.overlap, note: schedule.note ?? "" };
  const [draft, setDraft] = useState(before);
  const [errors, setErrors] = useState([]);
  const [notice, setNotice] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef(null);
  useEffect(() => form.current.querySelector("input").focus(), []);
  async function submit(event) {
    event.preventDefault();
    const change = Object.fromEntries(Object.entries(draft).map(([name, value]) => [name, value.trim()]).filter(([name, value]) => value !== before[name]));
    if (!Object.keys(change).length) return onDone();
    setBusy(true);
    try {
      return onDone(await changeSchedule(schedule.id, change));
    } catch (error) {
      setErrors(error.fields);
      setBusy(false);
      return setNotice({ tone: "bad", ...(error.fields.length ? { text: t("new.invalid") } : problemOf(error, t)) });
    }
  }
  const onChange = (part, at) => {
    setDraft({ ...draft, ...part });
    setErrors(errors.filter((error) => error.pointer !== at));
    setNotice(null);
  };
  return html`<form ref=${form} class="edit" novalidate onSubmit=${submit}><${When} draft=${draft} errors=${errors} prefix=${`edit-${schedule.id}`} onChange=${onChange} />
    <div role="status"><${Notice} notice=${notice} /></div>
    <div class="choices"><button type="button" class="quiet" onClick=${() => onDone()}>${t("schedule.edit.no")}</button>
      <button type="submit" data-action="save" disabled=${busy} aria-busy=${busy ? "true" : undefined}>${t("schedule.edit.yes")}</button></div></form>`;
}
