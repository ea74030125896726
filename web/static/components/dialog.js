// A question with two answers, in the browser's own modal dialog: it keeps the focus and closes by Escape.
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";

/** question: {title, text, yes, no, answer(bool)} or null. */
export function Dialog({ question }) {
  const box = useRef(null);
  useEffect(() => {
    if (question && !box.current.open) box.current.showModal();
    if (!question && box.current.open) box.current.close();
  }, [question]);
  const answer = (yes) => question?.answer(yes);
  return html`<dialog ref=${box} aria-labelledby="dialog-title" aria-describedby="dialog-text"
      onCancel=${() => answer(false)}>
    ${question && html`<article class="ask">
      <h2 id="dialog-title">${question.title}</h2>
      <p id="dialog-text">${question.text}</p>
      <footer>
        <button type="button" class="quiet" autofocus onClick=${() => answer(false)}>${question.no}</button>
        <button type="button" class="danger solid" data-answer="yes" onClick=${() => answer(true)}>${question.yes}</button>
      </footer>
    </article>`}
  </dialog>`;
}
