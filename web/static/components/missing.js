import { useApp } from "../context.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** The way back to the list. */
export function Back() {
  const { t } = useApp();
  return html`<a class="back" href="#/"><${Icon} name="back" />${t("app.home")}</a>`;
}

/** An address that leads nowhere. */
export const Missing = ({ title, hint }) => html`<section class="panel"><div class="empty"><${Icon} name="empty" />
  <strong>${title}</strong><span>${hint}</span></div></section>`;
