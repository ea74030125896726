import { html } from "../html.js";

const PATHS = {
  cancel: "M6 6l12 12M18 6L6 18",
  pause: "M9 5v14M15 5v14",
  resume: "M8 5l11 7-11 7z",
  undo: "M4 10h10a5 5 0 0 1 0 10H9M8 5l-5 5 5 5",
  upload: "M12 16V5M7 9l5-5 5 5M5 20h14",
  retry: "M4 12a8 8 0 1 0 2.6-5.9M4 4v5h5",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  details: "M9 6l6 6-6 6",
  back: "M15 6l-6 6 6 6",
  external: "M14 5h5v5M19 5l-8 8M17 14v5H5V7h5",
  copy: "M9 9h10v10H9zM5 15V5h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warning: "M12 4l9 16H3zM12 10v4M12 17v.5",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
  empty: "M4 13l3-8h10l3 8v6H4zM4 13h5a3 3 0 0 0 6 0h5",
};

/** A line icon in the colour of its text. It says nothing to screen readers: the text beside it does. */
export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" focusable="false"
    fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <path d=${PATHS[name]} />
  </svg>`;
