import { useApp } from "../context.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

const ICONS = { good: "check", info: "clock", warn: "warning", bad: "warning" };

/**
 * What became of an attempt: {tone, text, list, href, link, again}. again is what onAgain gets when somebody presses
 * the button to try it again; without it there is none.
 */
export function Notice({ notice, onAgain }) {
  const { t } = useApp();
  if (!notice) return null;
  return html`<div class="notice ${notice.tone}"><${Icon} name=${ICONS[notice.tone]} /><span>${notice.text}
    ${notice.list?.map((line) => html`<br key=${line} />${line}`)}
    ${notice.href && html` <a href=${notice.href}>${notice.link}</a>`}
    ${notice.again && html` <button type="button" class="link" data-again onClick=${() => onAgain(notice.again)}>${t("new.retry")}</button>`}
  </span></div>`;
}
