// What the columns of an upload stand for, and how it is to be saved or sent.
import { useEffect, useRef, useState } from "preact/hooks";
import { getUpload, newKey, startSave, startSync } from "../api.js";
import { useApp, useKind } from "../context.js";
import { usePoll } from "../hooks.js";
import { html } from "../html.js";
import { choicesOf, choose, gapsOf, mappingOf } from "../mapping.js";
import { runningNotice } from "../problem.js";
import { Icon } from "./icon.js";
import { MappingTable } from "./mapping_table.js";
import { Back, Missing } from "./missing.js";
import { Notice } from "./notice.js";

const AGAIN = 3000; // ms between attempts while the API is away

/** known is the upload where it was sent just now; onStarted gets the job. */
export function Mapping({ id, known, onStarted }) {
  const { t, kinds } = useApp();
  const [upload, setUpload] = useState(known ?? null);
  const [gone, setGone] = useState(false);
  usePoll(async (signal) => {
    try {
      const found = await getUpload(id, signal);
      if (!signal.aborted) setUpload(found);
    } catch (error) {
      if (![404, 410, 422].includes(error.status)) throw error;
      if (!signal.aborted) setGone(true);
    }
  }, AGAIN, !upload && !gone, id);
  const type = upload && (upload.type ?? typeOf(kinds, upload.kind));
  const kind = useKind(type, upload?.kind);

  if (gone || kind === null) return html`<${Back} /><${Missing} title=${t("upload.gone")} hint=${t("upload.gone.hint")} />`;
  if (!upload || !kind) return html`<${Back} /><section class="panel" aria-busy="true"><div class="skeleton tall" /><div class="skeleton" /></section>`;
  return html`<${Back} /><${Form} type=${type} upload=${upload} kind=${kind} onStarted=${onStarted} />`;
}

/** The type of the kind that a file is for; undefined until the kinds are known. */
const typeOf = (kinds, name) => kinds && (kinds.find((each) => each.name === name && each.type === "sync")?.type ?? "bulk_save");

function Form({ type, upload, kind, onStarted }) {
  const { t, text, lang } = useApp();
  const [choices, setChoices] = useState(() => choicesOf(upload));
  const [touched, setTouched] = useState({}); // by place: true where somebody chose, "moved" where that took a column away
  const [duplicates, setDuplicates] = useState("refuse");
  const [busy, setBusy] = useState("");
  const [notice, setNotice] = useState(null);
  const title = useRef(null);
  const missing = useRef(null);
  useEffect(() => title.current.focus(), []);

  const sync = type === "sync"; // which has no dry run: what a partner would do is not known before
  const gaps = gapsOf(kind, choices);
  const complete = !gaps.required.length && !gaps.groups.length;

  function onChoose(place, name) {
    const from = name ? choices.indexOf(name) : -1;
    setTouched((old) => ({ ...old, [place]: true, ...(from >= 0 && from !== place ? { [from]: "moved" } : {}) }));
    setChoices(choose(choices, place, name));
    setNotice(null);
  }

  function start(dryRun) {
    if (!complete) return missing.current.focus();
    const body = { tenant: upload.tenant, upload: upload.id, mapping: mappingOf(upload, choices), locale: lang };
    // One key for one press, as for an export.
    return send({ body: sync ? body : { ...body, dry_run: dryRun, duplicates }, key: newKey() });
  }

  async function send(press) {
    setBusy(press.body.dry_run ? "dry" : "save");
    setNotice(null);
    try {
      onStarted(await (sync ? startSync : startSave)(upload.kind, press.body, press.key));
    } catch (error) {
      setNotice(noticeOf(error, press));
    } finally {
      setBusy("");
    }
  }

  function noticeOf(error, press) {
    if (error.jobID) return { tone: "info", ...runningNotice(error.jobID, t, type) };
    if (error.unreachable) return { tone: "bad", text: t("new.unreachable"), again: press };
    const list = error.fields.map((each) => `${wordFor(each.pointer)} ${each.message}`.trim());
    return { tone: "bad", text: error.message || t(sync ? "sync.failed" : "save.failed", { status: error.status }), list };
  }

  // A pointer into the mapping names a header.
  function wordFor(pointer = "") {
    const header = /^\/mapping\/(.*)$/.exec(pointer)?.[1].replaceAll("~1", "/").replaceAll("~0", "~");
    return header ?? pointer;
  }

  return html`<section class="panel mapping" aria-labelledby="mapping-title">
    <div class="head"><div><h1 id="mapping-title" ref=${title} tabindex="-1">${t("map.title")}</h1>
      <p class="muted"><strong>${upload.name}</strong> <${FileFacts} type=${type} upload=${upload} /></p></div></div>
    <${Before} upload=${upload} />
    <div ref=${missing} tabindex="-1" class="gaps" role="status">
      ${complete ? html`<p class="enough"><${Icon} name="check" /> <span>${t(sync ? "map.complete.sync" : "map.complete", { used: choices.filter(Boolean).length, total: choices.length })}</span></p>`
        : html`<p class="notice bad" id="gaps"><${Icon} name="warning" /><span>${t("map.gaps")}
          ${gaps.required.map((field) => html`<br key=${field.name} /><strong>${text(field.header)}</strong>`)}
          ${gaps.groups.map((group) => html`<br key=${group[0].name} />${t("map.oneOf", { names: group.map((field) => text(field.header)).join(", ") })}`)}</span></p>`}
    </div>
    <${MappingTable} type=${type} upload=${upload} kind=${kind} choices=${choices} touched=${touched} onChoose=${onChoose} />
    <footer>
      ${!sync && html`<fieldset class="duplicates"><legend>${t("map.duplicates", { names: keyNames(kind, text) })}</legend>
        ${["refuse", "last_wins"].map((each) => html`<label key=${each}><input type="radio" name="duplicates" value=${each}
          checked=${duplicates === each} onChange=${() => setDuplicates(each)} /> ${t(`map.duplicates.${each}`)}</label>`)}
      </fieldset>`}
      <div role="status"><${Notice} notice=${notice} onAgain=${send} /></div>
      <div class="choices">
        <a role="button" class="quiet" href="#/">${t("map.back")}</a>
        ${sync ? html`<button type="button" id="send-now" aria-busy=${busy ? "true" : undefined} disabled=${busy !== ""}
          onClick=${() => start(false)}>${t("sync.start")}</button>`
          : html`<button type="button" class="quiet" id="save-now" aria-busy=${busy === "save" ? "true" : undefined} disabled=${busy !== ""}
          onClick=${() => start(false)}>${t("map.save")}</button>
        <button type="button" id="dry-run" aria-busy=${busy === "dry" ? "true" : undefined} disabled=${busy !== ""}
          onClick=${() => start(true)}>${t("map.dry")}</button>`}
      </div>
      <p class="muted">${sync ? t("map.sync.hint", { partner: kind.partner }) : t("map.dry.hint")}</p>
    </footer>
  </section>`;
}

const keyNames = (kind, text) =>
  (kind.key ?? []).map((name) => text(kind.fields.find((field) => field.name === name)?.header) || name).join(" + ");

function FileFacts({ type, upload }) {
  const { t, fmt, titleOf } = useApp();
  const parts = [titleOf({ type, kind: upload.kind }), upload.tenant, upload.format, fmt.bytes(upload.size)];
  if (upload.encoding && upload.encoding !== "utf-8") parts.push(upload.encoding.toUpperCase());
  if (upload.sheets?.length > 1) parts.push(t("map.sheets", { n: fmt.int(upload.sheets.length) }));
  if (upload.header_row > 1) parts.push(t("map.headerRow", { n: fmt.int(upload.header_row) }));
  return html`<span class="facts">${parts.map((part) => html`<span key=${part}>${part}</span>`)}</span>`;
}

/** What the file has to do with earlier jobs. */
function Before({ upload }) {
  const { t, fmt } = useApp();
  const { same_as: same, parent } = upload;
  return html`
    ${parent && html`<p class="notice info" id="parent"><${Icon} name="retry" /><span>${t("map.parent")} <a href=${`#/jobs/${parent}`}>${t("save.parent.open")}</a></span></p>`}
    ${same && html`<p class="notice warn" id="same"><${Icon} name="warning" /><span>${t("map.same", { time: fmt.dateTime(same.at) })} <a href=${`#/jobs/${same.job_id}`}>${t("map.same.open")}</a></span></p>`}`;
}
