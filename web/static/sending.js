// Sending the file of a form.
import { useRef, useState } from "preact/hooks";
import { useApp } from "./context.js";
import { sendUpload } from "./upload.js";

/**
 * Returns sending, {name, size, sent} in bytes or null; send(files), of which there must be one; stop(); problem, a
 * notice or null; and forget(), which drops that. onUploaded gets what the server found in the file.
 */
export function useSending({ type, kind, onUploaded, setErrors }) {
  const { t, tenant, announce } = useApp();
  const [sending, setSending] = useState(null);
  const [problem, setProblem] = useState(null);
  const stop = useRef(null);

  async function send(files) {
    setProblem(null);
    if (files.length !== 1) return setProblem({ tone: "bad", text: t("upload.one") });
    if (!tenant) return refuseTenant(t("tenant.missing"));
    const [file] = files;
    stop.current = new AbortController();
    setSending({ name: file.name, size: file.size, sent: 0 });
    try {
      const onSent = (sent) => setSending((old) => ({ ...old, sent }));
      const found = await sendUpload({ kind, tenant, file }, onSent, stop.current.signal);
      announce(t(`upload.ready.${type}`, { name: found.name }));
      onUploaded(found);
    } catch (error) {
      if (stop.current.signal.aborted) announce(t("upload.stopped"));
      else refuse(error, files);
    } finally {
      setSending(null);
    }
  }

  function refuseTenant(message) {
    setErrors([{ pointer: "/tenant", message }]);
    setProblem({ tone: "bad", text: t("new.invalid") });
    document.querySelector("#tenant").focus();
  }

  function refuse(error, files) {
    if (error.unreachable) return setProblem({ tone: "bad", text: t("upload.broken"), again: files });
    const isTenant = (each) => each.parameter === "tenant" || each.pointer === "/tenant";
    const ofTenant = error.fields.find(isTenant);
    if (ofTenant) return refuseTenant(ofTenant.message);
    const list = error.fields.map((each) => each.message).filter((message) => message !== error.message);
    return setProblem({ tone: "bad", text: error.message || t("upload.failed", { status: error.status }), list });
  }
  return { sending, problem, send, stop: () => stop.current.abort(new Error("stopped")), forget: () => setProblem(null) };
}
