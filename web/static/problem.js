// What a notice says about a request that failed.

const RUNNING = { export: "new.duplicate", bulk_save: "save.duplicate", sync: "sync.duplicate" };

/** The notice of the one job of its key that runs already; type is the job's. */
export const runningNotice = (id, t, type) => ({ text: t(RUNNING[type]), href: `#/jobs/${id}`, link: t("new.duplicate.open") });

/** The notice for an error. type is that of the job that should have been started, where one should. */
export function problemOf(error, t, type) {
  if (error.jobID && type) return runningNotice(error.jobID, t, type);
  return { text: error.unreachable ? t("act.unreachable") : error.message || t("act.failed", { status: error.status }) };
}
