// The jobs that try items of an ended sync again.
import { useCallback, useState } from "preact/hooks";
import { getJobs } from "./api.js";
import { usePoll, useVisible } from "./hooks.js";
import { ended } from "./jobs.js";

const POLL = 10_000;
const AMONG = 100; // the newest syncs of the kind and tenant, of which there is one at a time

/** Returns [jobs, add]: those that are found, newest first, and those that add was told of: they tell later whose they are. */
export function useRetries(job) {
  const [found, setFound] = useState([]);
  const [started, setStarted] = useState([]);
  const visible = useVisible();
  const active = visible && job?.type === "sync" && ended(job);
  usePoll(async (signal) => {
    const page = await getJobs({ type: "sync", kind: job.kind, tenant: job.tenant, page_size: AMONG }, signal);
    if (!signal.aborted) setFound((page.jobs ?? []).filter((other) => other.sync?.retry_of === job.id));
  }, POLL, Boolean(active), job?.id);
  const add = useCallback((other) => setStarted((old) => [other, ...old]), []);
  return [[...started.filter((other) => !found.some(({ id }) => id === other.id)), ...found], add];
}
