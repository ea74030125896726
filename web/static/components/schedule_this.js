import { useApp } from "../context.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** Leads from the form of a job to that of a schedule for it. */
export function ScheduleThis({ disabled, onClick }) {
  const { t } = useApp();
  return html`<button type="button" class="quiet later" data-action="schedule" title=${t("schedule.this.hint")} disabled=${disabled}
    onClick=${onClick}><${Icon} name="clock" /><span>${t("schedule.this")}</span></button>`;
}
