// What has to be said wherever one is on the page, above its lower edge so that nothing is moved by it.
import { useApp } from "../context.js";
import { useReachable } from "../hooks.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** notices: [{id, text, href, link, tone}] */
export function Dock({ notices, onClose }) {
  const { t } = useApp();
  const reachable = useReachable();
  return html`<div class="dock">
    <div role="status">
      ${!reachable && html`<div class="notice warn" id="offline"><${Icon} name="warning" /><span>${t("app.offline")}</span></div>`}
    </div>
    <div role="alert">
      ${notices.map((notice) => html`<div key=${notice.id} class="notice ${notice.tone ?? "bad"}">
        <${Icon} name=${notice.tone === "good" ? "check" : "warning"} />
        <span>${notice.text} ${notice.href && html`<a href=${notice.href} onClick=${() => onClose(notice.id)}>${notice.link}</a>`}</span>
        <button type="button" class="small quiet" aria-label=${t("app.close")} onClick=${() => onClose(notice.id)}>
          <${Icon} name="cancel" /></button>
      </div>`)}
    </div>
  </div>`;
}
