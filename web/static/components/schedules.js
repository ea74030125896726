// The schedules, and the form for another one.
import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../context.js";
import { useNow } from "../hooks.js";
import { html } from "../html.js";
import { useSchedules } from "../schedules.js";
import { Icon } from "./icon.js";
import { NewSchedule } from "./new_schedule.js";
import { Schedule } from "./schedule.js";
import { Zones } from "./when.js";

/** making: the form is open; plan is what it begins with, {type, kind, tenant, request}, or null. */
export function Schedules({ making, plan, errors, setErrors }) {
  const { t } = useApp();
  const { rows, put, drop } = useSchedules();
  const now = useNow(true);
  const title = useRef(null);
  useEffect(() => { if (!making) title.current.focus(); }, [making]);
  const made = (schedule) => {
    put(schedule, true);
    location.hash = "#/schedules";
  };
  return html`<div class="page-head"><h1 ref=${title} tabindex="-1">${t("schedule.title")}</h1>
      ${!making && html`<a role="button" class="small" href="#/schedules/new" data-action="new-schedule"><${Icon} name="clock" />${t("schedule.new")}</a>`}</div>
    ${making && html`<${NewSchedule} plan=${plan} errors=${errors} setErrors=${setErrors} onMade=${made} />`}
    ${rows?.length === 0 && !making && html`<section class="panel"><div class="empty"><${Icon} name="clock" />
      <strong>${t("schedule.none")}</strong><span>${t("schedule.none.hint")}</span></div></section>`}
    ${rows ? rows.map((schedule) => html`<${Schedule} key=${schedule.id} schedule=${schedule} now=${now} onChanged=${put} onDeleted=${drop} />`)
      : html`<section class="panel" aria-busy="true"><div class="skeleton tall" /><div class="skeleton" /></section>`}
    <${Zones} />`;
}
