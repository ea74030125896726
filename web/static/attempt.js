// What the forms that start work have in common: a press with its key, and what became of it.
import { useEffect, useState } from "preact/hooks";
import { useApp } from "./context.js";
import { strayErrors, under } from "./draft.js";
import { runningNotice } from "./problem.js";

/**
 * form is a ref, setErrors sets the errors that the form shows beside its fields, and type is the job's.
 * Returns busy, notice and reset(); clear(place), which forgets the errors of a place; refuse(errors, notice); and
 * send(press): start() of a press resolves to what was started, done(it) gives its notice, places are those of
 * strayErrors, and failed is the key of the words for a failure that says nothing.
 */
export function useAttempt({ form, setErrors, type }) {
  const { t, tenant } = useApp();
  const [refused, setRefused] = useState(0); // counts refusals: each leads to the first wrong field
  const [notice, setNotice] = useState(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => { clear("/tenant"); }, [tenant]);
  useEffect(() => {
    if (!refused) return;
    const wrong = 'input[aria-invalid="true"], select[aria-invalid="true"]';
    (document.querySelector('#tenant[aria-invalid="true"]') ?? form.current?.querySelector(wrong))?.focus();
  }, [refused]);

  function clear(place) {
    setErrors((old) => (old.some((error) => under(error.pointer, place))
      ? old.filter((error) => !under(error.pointer, place)) : old));
  }
  function refuse(wrong, why) {
    setErrors(wrong);
    setRefused((n) => n + 1);
    setNotice(why);
  }
  function reset() {
    setErrors([]);
    setNotice(null);
  }

  async function send(press) {
    setBusy(true);
    setErrors([]);
    setNotice(null);
    try {
      setNotice(press.done(await press.start()));
    } catch (error) {
      refuse(error.fields, noticeOf(error, press));
    } finally {
      setBusy(false);
    }
  }

  function noticeOf(error, press) {
    if (error.jobID) return { tone: "info", ...runningNotice(error.jobID, t, type) };
    if (error.unreachable) return { tone: "bad", text: t("new.unreachable"), again: press };
    const stray = strayErrors(error.fields, press.places);
    if (error.fields.length && !stray.length) return { tone: "bad", text: t("new.invalid") };
    return {
      tone: "bad", text: error.message || t(press.failed, { status: error.status }),
      list: stray.map((each) => `${each.pointer ?? each.parameter ?? each.header ?? ""} ${each.message}`.trim()),
    };
  }
  return { busy, notice, clear, refuse, reset, send };
}

/** A half-typed date or number has an empty value; only the browser knows that there is something. */
export function unfinished(form, prefix, t) {
  return [...form.querySelectorAll("input[type=date],input[type=number]")].filter((input) => input.validity.badInput)
    .map((input) => ({ pointer: `/filters/${input.id.slice(prefix.length)}`, message: t("filter.unfinished") }));
}
