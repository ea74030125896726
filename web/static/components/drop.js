// Where a file is dropped or chosen, and how far it has got.
import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "../context.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

const KINDS = ".xlsx,.csv,.tsv,.json,.ndjson";

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** A file dropped beside the place for it must not replace the page by its own content. */
function useNoStrayDrops() {
  useEffect(() => {
    const ignore = (event) => {
      if (!carriesFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    };
    addEventListener("dragover", ignore);
    addEventListener("drop", ignore);
    return () => { removeEventListener("dragover", ignore); removeEventListener("drop", ignore); };
  }, []);
}

/** sending: {name, size, sent} in bytes, or null. onFiles gets an array of File. id is that of the field. */
export function Drop({ id = "file", sending, ready, onFiles, onStop }) {
  const { t } = useApp();
  const [over, setOver] = useState(false);
  const zone = useRef(null);
  useNoStrayDrops();
  if (sending) return html`<${Sending} ...${sending} onStop=${onStop} />`;

  const onDragOver = (event) => {
    if (!ready || !carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    setOver(true);
  };
  const onDragLeave = (event) => { if (!zone.current.contains(event.relatedTarget)) setOver(false); };
  const onDrop = (event) => {
    setOver(false);
    if (!ready || !carriesFiles(event)) return;
    event.preventDefault();
    onFiles([...event.dataTransfer.files]);
  };
  const onChange = (event) => {
    const files = [...event.currentTarget.files];
    event.currentTarget.value = ""; // else the same file, mended, could not be chosen again
    if (files.length) onFiles(files);
  };
  return html`<div ref=${zone} class="drop ${over ? "over" : ""}" onDragOver=${onDragOver} onDragLeave=${onDragLeave} onDrop=${onDrop}>
    <${Icon} name="upload" />
    <label for=${id}><strong>${t("upload.drop")}</strong> <span class="choose">${t("upload.choose")}</span></label>
    <small id=${`${id}-kinds`}>${t("upload.formats")}</small>
    <input id=${id} type="file" accept=${KINDS} disabled=${!ready} aria-describedby=${`${id}-kinds`} onChange=${onChange} />
  </div>`;
}

function Sending({ name, size, sent, onStop }) {
  const { t, fmt } = useApp();
  const arrived = sent >= size; // now the server looks into it
  const label = t("upload.progress", { name });
  return html`<div class="drop sending">
    <strong class="filename">${name}</strong>
    ${arrived ? html`<progress key="reading" class="bar bar-running" aria-label=${label}></progress>`
      : html`<progress key="share" class="bar bar-running" aria-label=${label} max=${size} value=${sent}></progress>`}
    <span class="line"><small>${arrived ? t("upload.reading") : t("upload.sent", { sent: fmt.bytes(sent), size: fmt.bytes(size) })}</small>
      <button type="button" class="small quiet" data-action="stop" onClick=${onStop}><${Icon} name="cancel" />${t("upload.stop")}</button></span>
  </div>`;
}
