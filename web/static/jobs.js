// The jobs on the screen: polled as a list, followed one by one while they run.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { follow, getJob, getJobs } from "./api.js";
import { usePoll, useVisible } from "./hooks.js";

const POLL = 2000;
const PAGE = 25;
const MOST = 100; // the API's largest page

// Over HTTP/1.1 a browser opens six connections to an origin, for all its tabs together, and each stream
// holds one for good. Jobs beyond the third move with the poll.
const STREAMS = 3;
const REOPEN = 10_000; // a refused stream is asked for again after this time; polling fills the gap

const ENDS = new Set(["succeeded", "partially_succeeded", "failed", "cancelled", "timed_out"]);

/** The keys of the words that tell that a job of a type has started. */
export const STARTED = { export: "new.started", bulk_save: "save.started", sync: "sync.started" };

/** Whether a job will not move by itself any more. */
export const ended = (job) => ENDS.has(job.state);

/** Whether a job is a dry run that waits for somebody to let it go on. */
export const held = (job) => job.state === "paused" && job.progress.phase === "holding";

/** Follows the first few of these jobs by server-sent events. */
function useStreams(ids, onJob) {
  const open = useRef(new Map());
  const [attempt, setAttempt] = useState(0);
  const deliver = useRef(onJob);
  deliver.current = onJob;
  const wanted = ids.slice(0, STREAMS);
  useEffect(() => {
    for (const [id, stop] of open.current) {
      if (wanted.includes(id)) continue;
      stop();
      open.current.delete(id);
    }
    for (const id of wanted) {
      if (open.current.has(id)) continue;
      let timer;
      const stop = follow(id, (job) => deliver.current(job), () => {
        timer = setTimeout(() => { open.current.delete(id); setAttempt((n) => n + 1); }, REOPEN);
      });
      open.current.set(id, () => { clearTimeout(timer); stop(); });
    }
  }, [wanted.join(), attempt]);
  useEffect(() => () => { for (const stop of open.current.values()) stop(); open.current.clear(); }, []);
}

/**
 * The list of jobs that match a filter {type, kind, state, tenant}, newest first, kept up to date while active.
 * rows is null until the first answer. onEnd is called with every job seen to end.
 */
export function useJobs(filter, active, onEnd) {
  const [list, setList] = useState({ rows: null, next: "" });
  const visible = useVisible();
  const key = JSON.stringify(filter);
  // When a stream or an action last told about a job: an answer of the list that was asked for before that
  // is older, and would make the bar jump back.
  const told = useRef(new Map());
  const rows = useRef(null);
  rows.current = list.rows;
  const tell = useRef(onEnd);
  tell.current = onEnd;

  const note = (before, after) => {
    const old = before?.find((job) => job.id === after.id);
    if (old && !ended(old) && ended(after)) tell.current(after);
  };
  const update = useCallback((job) => {
    told.current.set(job.id, performance.now());
    note(rows.current, job);
    setList((old) => ({ ...old, rows: old.rows?.map((row) => (row.id === job.id ? job : row)) ?? null }));
  }, []);
  // Only what somebody did here puts a job into the list; a stream's last word must not bring one back that
  // the filter has left out.
  const upsert = useCallback((job) => {
    update(job);
    setList((old) => (!old.rows || old.rows.some((row) => row.id === job.id) ? old : { ...old, rows: [job, ...old.rows] }));
  }, []);

  useEffect(() => setList({ rows: null, next: "" }), [key]);
  usePoll(async (signal) => {
    const asked = performance.now();
    const size = Math.min(MOST, Math.max(PAGE, rows.current?.length ?? 0));
    const page = await getJobs({ ...filter, page_size: size }, signal);
    if (signal.aborted) return;
    const overtaken = (job) => (told.current.get(job.id) ?? 0) > asked;
    for (const job of page.jobs ?? []) if (!overtaken(job)) note(rows.current, job);
    setList((old) => {
      const known = (job) => old.rows?.find((row) => row.id === job.id);
      const fresh = (page.jobs ?? []).map((job) => (overtaken(job) && known(job)) || job);
      const seen = new Set(fresh.map((job) => job.id));
      const others = (old.rows ?? []).filter((job) => !seen.has(job.id));
      // Jobs started here since the list was asked for come first. What was loaded further down stays, as it
      // was, unless so much is new that there may be a gap before it.
      const started = others.filter(overtaken);
      const joined = page.next_page_token && fresh.some(known);
      const tail = !joined ? [] : others.filter((job) => !overtaken(job) && job.created_at <= fresh.at(-1).created_at);
      return {
        rows: [...started, ...fresh, ...tail],
        next: tail.length ? old.next : page.next_page_token ?? "",
      };
    });
  }, POLL, active && visible, key);

  const live = active && visible ? (list.rows ?? []).filter((job) => !ended(job)).map((job) => job.id) : [];
  useStreams(live, update);

  const more = async () => {
    const page = await getJobs({ ...filter, page_size: PAGE, page_token: list.next });
    setList((old) => {
      const seen = new Set(old.rows.map((job) => job.id));
      const added = (page.jobs ?? []).filter((job) => !seen.has(job.id));
      return { rows: [...old.rows, ...added], next: page.next_page_token ?? "" };
    });
  };
  return { ...list, upsert, more };
}

/** One job, kept up to date. error is that of the last answer, if it was one. */
export function useJob(id) {
  const [{ job, error }, set] = useState({ job: null, error: null });
  const visible = useVisible();
  const told = useRef(0);
  // Streams and actions leave out the request, which never changes.
  const put = (job) => {
    told.current = performance.now();
    set((old) => ({ job: { request: old.job?.request, ...job }, error: null }));
  };
  usePoll(async (signal) => {
    const asked = performance.now();
    try {
      const job = await getJob(id, signal);
      if (!signal.aborted && told.current < asked) set({ job, error: null });
    } catch (error) {
      // A job that was seen stays on the screen while the API is away.
      if (!signal.aborted) set((old) => ({ job: error.status === 404 ? null : old.job, error }));
    }
  }, POLL, visible && !(job && ended(job)), id);
  useStreams(visible && job && !ended(job) ? [id] : [], put);
  return { job, error, put };
}
