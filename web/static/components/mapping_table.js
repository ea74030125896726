import { useApp } from "../context.js";
import { html } from "../html.js";
import { barOf } from "../mapping.js";

// The roles are spelled out for the narrow layout, as those of the list of jobs.

/** The columns of an upload with what they stand for. onChoose(place, name) */
export function MappingTable({ type, upload, kind, choices, touched, onChoose }) {
  const { t } = useApp();
  return html`<table class="columns-of" role="table" aria-labelledby="mapping-title">
    <thead role="rowgroup"><tr role="row">
      ${["header", "samples", "column", "how"].map((name) => html`<th key=${name} role="columnheader" scope="col" class=${`col-${name}`}>${t(name === "column" && type === "sync" ? "map.column.sync" : `map.${name}`)}</th>`)}
    </tr></thead>
    <tbody role="rowgroup">
      ${upload.columns.map((column, place) => html`<${Column} key=${column.index} type=${type} column=${column} place=${place} kind=${kind}
        upload=${upload} choices=${choices} touched=${touched[place]} onChoose=${onChoose} />`)}
    </tbody>
  </table>`;
}

function Column({ type, column, place, kind, upload, choices, touched, onChoose }) {
  const { t, text } = useApp();
  const chosen = choices[place];
  const header = column.header || t("map.nameless", { n: column.index + 1 });
  const bar = barOf(upload, place);
  const elsewhere = (name) => {
    const other = choices.indexOf(name);
    return other >= 0 && other !== place ? ` ← ${upload.columns[other].header}` : "";
  };
  return html`<tr role="row" data-column=${column.index} data-chosen=${chosen}>
    <th role="rowheader" scope="row" class="header">${header}</th>
    <td role="cell" class="samples">${column.samples?.length
      ? html`<span class="line" title=${column.samples.join("\n")}>${column.samples.map((sample, i) => html`<span key=${i}>${sample}</span>`)}</span>` : html`<span class="muted">${t("map.samples.none")}</span>`}</td>
    <td role="cell" class="column">${bar ? html`<span class="muted">${t(`map.bar.${bar}`)}</span>` : html`<select value=${chosen} aria-label=${t(type === "sync" ? "map.select.sync" : "map.select", { header })} onChange=${(e) => onChoose(place, e.currentTarget.value)}>
      <option value="">${t("map.leaveOut")}</option>
      ${kind.fields.map((field) => html`<option key=${field.name} value=${field.name}>
        ${text(field.header)}${field.required ? " *" : ""}${elsewhere(field.name)}</option>`)}
    </select>`}</td>
    <td role="cell" class="how"><${How} column=${column} chosen=${chosen} touched=${touched} /></td>
  </tr>`;
}

const LOOKS = { given: "sure", remembered: "sure", name: "sure", synonym: "sure", guess: "warn" };

/** How sure the match is, and where it comes from. */
function How({ column, chosen, touched }) {
  const { t, fmt } = useApp();
  if (touched === "moved") return html`<span class="mark warn">${t("map.moved")}</span>`;
  if (touched) return html`<span class="mark sure">${t("how.chosen")}</span>`;
  if (!chosen) return html`<span class="mark sure out">${t("map.leaveOut")}</span>`;
  const how = column.how in LOOKS ? column.how : "guess";
  return html`<span class="mark ${LOOKS[how]}">${t(`how.${how}`)}${how === "guess" && html` ${fmt.percent(column.confidence, 1)}`}</span>`;
}
