import { useApp } from "../context.js";
import { html } from "../html.js";
import { FieldError } from "./filters.js";

const VIEWS = ["jobs", "schedules", "partners"];

/** Product, where to go, tenant, language, theme. */
export function Header({ view, theme, setTheme, setLang, tenantError }) {
  const { t, lang, tenant, setTenant, tenants } = useApp();
  return html`<header class="top">
    <a class="brand" href="#/"><img src="/static/icon.svg" alt="" width="28" height="28" />
      <strong>Longhaul</strong> <small>${t("app.tagline")}</small></a>
    <nav class="views" aria-label=${t("nav")}>${VIEWS.map((each) => html`<a key=${each} href=${each === "jobs" ? "#/" : `#/${each}`}
      aria-current=${(VIEWS.includes(view) ? view : "jobs") === each ? "page" : undefined}>${t(`nav.${each}`)}</a>`)}</nav>
    <label class="tenant"><span>${t("tenant")}</span>
      <input id="tenant" name="tenant" list="tenants" autocomplete="off" spellcheck="false" maxlength="64"
        placeholder=${t("tenant.hint")} value=${tenant} aria-invalid=${tenantError ? "true" : undefined}
        aria-describedby="tenant-error" onInput=${(e) => setTenant(e.currentTarget.value.trim())} />
      <${FieldError} id="tenant-error" text=${tenantError} /></label>
    <datalist id="tenants">${tenants.map((code) => html`<option key=${code} value=${code} />`)}</datalist>
    <fieldset class="switch" aria-label=${t("app.language")}>
      ${[["ko", "한국어"], ["en", "English"]].map(([code, name]) => html`<button key=${code} type="button" lang=${code}
        aria-pressed=${String(lang === code)} onClick=${() => setLang(code)}>${name}</button>`)}
    </fieldset>
    <select class="theme" aria-label=${t("app.theme")} value=${theme} onChange=${(e) => setTheme(e.currentTarget.value)}>
      ${["auto", "light", "dark"].map((name) => html`<option key=${name} value=${name}>${t(`app.theme.${name}`)}</option>`)}
    </select>
  </header>`;
}
