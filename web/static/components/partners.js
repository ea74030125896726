// The partners: how each account stands, and what it may do.
import { useEffect, useRef, useState } from "preact/hooks";
import { getPartners } from "../api.js";
import { useApp } from "../context.js";
import { useNow, usePoll, useVisible } from "../hooks.js";
import { html } from "../html.js";
import { Missing } from "./missing.js";
import { AccountFacts } from "./pace.js";
import { PartnerLimits } from "./partner_limits.js";

const POLL = 1000; // it is looked at while limits are changed

export function Partners() {
  const { t } = useApp();
  const [partners, setPartners] = useState(null);
  const told = useRef(0); // when a change was answered: what was asked for before is older
  const visible = useVisible();
  const now = useNow(visible);
  const title = useRef(null);
  useEffect(() => title.current.focus(), []);
  usePoll(async (signal) => {
    const asked = performance.now();
    const found = await getPartners(signal);
    if (!signal.aborted && told.current < asked) setPartners(found);
  }, POLL, visible, "partners");
  const put = (partner) => {
    told.current = performance.now();
    setPartners((old) => old.map((each) => (each.name === partner.name ? partner : each)));
  };

  return html`<div class="page-head"><h1 ref=${title} tabindex="-1">${t("partner.title")}</h1><p class="muted">${t("partner.about")}</p></div>
    ${partners?.length === 0 && html`<${Missing} title=${t("partner.none")} hint=${t("partner.none.hint")} />`}
    ${partners ? partners.map((partner) => html`<${Partner} key=${partner.name} partner=${partner} now=${now} onChanged=${put} />`)
      : html`<section class="panel" aria-busy="true"><div class="skeleton tall" /><div class="skeleton" /></section>`}`;
}

function Partner({ partner, now, onChanged }) {
  const { t, titleOf } = useApp();
  const { name, host, kinds, account } = partner;
  const id = `partner-${name}`;
  return html`<section class="panel partner" data-partner=${name} aria-labelledby=${id}>
    <div class="head"><div><h2 id=${id}>${name} ${account.open_since ? html`<span class="mark bad">${t("pace.open")}</span>`
        : Date.parse(account.cooling_until) > now && html`<span class="mark warn">${t("pace.cooling")}</span>`}</h2>
      <p class="muted">${host || t("partner.unset")}${kinds?.length > 0 && ` · ${kinds.map((kind) => titleOf({ type: "sync", kind })).join(", ")}`}</p></div></div>
    <${AccountFacts} account=${account} now=${now} />
    <${PartnerLimits} partner=${partner} onChanged=${onChanged} />
  </section>`;
}
