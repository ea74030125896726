// The page: what all parts share, and which part is in sight.
import { render } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { useCatalog } from "./catalog.js";
import { Dialog } from "./components/dialog.js";
import { Dock } from "./components/dock.js";
import { Header } from "./components/header.js";
import { JobDetail } from "./components/job_detail.js";
import { JobList } from "./components/job_list.js";
import { Mapping } from "./components/mapping.js";
import { NewJob } from "./components/new_job.js";
import { Partners } from "./components/partners.js";
import { Schedules } from "./components/schedules.js";
import { App } from "./context.js";
import { errorAt } from "./draft.js";
import { formatter } from "./format.js";
import { recall, remember, useRemembered, useRoute } from "./hooks.js";
import { html } from "./html.js";
import { pickLanguage, textIn, translator } from "./i18n.js";
import { STARTED, ended, useJobs } from "./jobs.js";

const RECENT = 8; // tenants remembered

function Page() {
  const [lang, setLang] = useState(() => pickLanguage(recall("lang"), navigator.languages));
  const [theme, setTheme] = useRemembered("theme", "auto");
  const [tenant, setTenant] = useRemembered("tenant", "");
  const [recent, setRecent] = useRemembered("tenants", []);
  const [filter, setFilter] = useState({ type: "", kind: "", state: "", tenant: "" });
  const [errors, setErrors] = useState([]); // of the form; the tenant's field stands in the header
  const [live, announce] = useState("");
  const [question, setQuestion] = useState(null);
  const [notices, setNotices] = useState([]);
  const { kinds, details, want } = useCatalog();
  const [upload, setUpload] = useState(null); // the last one that nothing has been started with
  const [plan, setPlan] = useState(null); // what a schedule is about to be made of
  const { view, id: shown } = useRoute();
  useEffect(() => setErrors([]), [view]); // they were another form's

  document.documentElement.lang = lang; // before children render: api.js asks in this language
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);

  const t = useMemo(() => translator(lang), [lang]);
  const text = (pair) => textIn(lang, pair);
  const titleOf = ({ type, kind: name, save, request }) => {
    const kind = text(kinds?.find((each) => each.type === type && each.name === name)?.title) || name;
    if (type !== "bulk_save") return kind;
    return t(save?.undoes ?? request?.undo ? "title.undo" : "title.save", { kind });
  };
  const onEnd = (job) => announce(t("live.state", { kind: `${titleOf(job)} ${job.tenant}`, state: t(`state.${job.state}`) }));
  const jobs = useJobs(filter, !view, onEnd);

  const running = (jobs.rows ?? []).filter((job) => !ended(job)).length;
  useEffect(() => { document.title = running ? `(${running}) Longhaul` : "Longhaul"; }, [running]);

  const close = useCallback((id) => setNotices((old) => old.filter((notice) => notice.id !== id)), []);
  const notify = useCallback((notice) => setNotices((old) => [...old.slice(-2), { ...notice, id: Math.random() }]), []);
  const confirm = useCallback((words) => new Promise((resolve) => {
    setQuestion({ ...words, answer: (yes) => { setQuestion(null); resolve(yes); } });
  }), []);

  const seen = (jobs.rows ?? []).map((job) => job.tenant);
  const app = {
    lang, t, text, fmt: formatter(lang), kinds, details, want, titleOf, tenant, setTenant,
    tenants: [...new Set([...recent, ...seen])], announce, notify, confirm,
  };
  const started = (job) => {
    setRecent([job.tenant, ...recent.filter((code) => code !== job.tenant)].slice(0, RECENT));
    announce(t(STARTED[job.type]));
    jobs.upsert(job);
  };
  const uploadStarted = (job) => {
    started(job);
    setUpload(null);
    location.hash = `#/jobs/${job.id}`;
  };
  const uploaded = (file, type) => {
    const found = { ...file, type };
    setUpload(found);
    // Whoever has gone to look at a job meanwhile is told, not taken away.
    if (!/^#\/./.test(location.hash)) location.hash = `#/uploads/${found.id}`;
    else notify({ tone: "good", text: t(`upload.ready.${type}`, { name: found.name }), href: `#/uploads/${found.id}`, link: t("upload.open") });
  };
  const schedule = (wanted) => {
    setPlan(wanted);
    location.hash = "#/schedules/new";
  };
  return html`<${App.Provider} value=${app}>
    <${Header} view=${view} theme=${theme} setTheme=${setTheme} tenantError=${errorAt(errors, "/tenant")}
      setLang=${(next) => { remember("lang", next); setLang(next); }} />
    <main>
      ${view === "uploads" && html`<div class="detail"><${Mapping} key=${shown} id=${shown}
        known=${upload?.id === shown ? upload : null} onStarted=${uploadStarted} /></div>`}
      ${view === "jobs" && html`<div class="detail"><${JobDetail} key=${shown} id=${shown} onJob=${jobs.upsert} /></div>`}
      ${view === "schedules" && html`<div class="detail"><${Schedules} making=${shown === "new"} plan=${plan} errors=${errors} setErrors=${setErrors} /></div>`}
      ${view === "partners" && html`<div class="detail"><${Partners} /></div>`}
      <div class="home" hidden=${Boolean(view)}>
        <${NewJob} onStarted=${started} onSchedule=${schedule} onUploaded=${uploaded} upload=${upload} errors=${errors} setErrors=${setErrors} />
        <${JobList} jobs=${jobs} filter=${filter} setFilter=${setFilter} active=${!view} />
      </div>
    </main>
    <div class="unseen" role="status" id="live">${live}</div>
    <${Dock} notices=${notices} onClose=${close} />
    <${Dialog} question=${question} />
  </${App.Provider}>`;
}

render(html`<${Page} />`, document.getElementById("app"));
