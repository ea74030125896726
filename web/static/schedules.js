// The schedules on the screen.
import { useCallback, useRef, useState } from "preact/hooks";
import { getSchedules } from "./api.js";
import { usePoll, useVisible } from "./hooks.js";

const POLL = 5000;

/** rows is null until the first answer; put(schedule) and drop(id) tell what was changed here. */
export function useSchedules() {
  const [rows, setRows] = useState(null);
  const visible = useVisible();
  // When something was changed here: an answer that was asked for before is older, and Temporal's list is behind for a
  // moment about what was made or removed.
  const told = useRef(new Map());
  usePoll(async (signal) => {
    const asked = performance.now();
    const found = await getSchedules(signal);
    if (signal.aborted) return;
    setRows((old) => {
      const mine = (id) => told.current.get(id);
      const fresh = found.filter(({ id }) => !mine(id)?.gone).map((row) => (mine(row.id)?.at > asked ? old?.find(({ id }) => id === row.id) ?? row : row));
      const made = (old ?? []).filter(({ id }) => mine(id)?.made && !fresh.some((row) => row.id === id));
      return [...fresh, ...made].sort(byID);
    });
  }, POLL, visible, "schedules");
  const put = useCallback((schedule, made = false) => {
    told.current.set(schedule.id, { at: performance.now(), made: made || told.current.get(schedule.id)?.made });
    setRows((old) => [...(old ?? []).filter(({ id }) => id !== schedule.id), schedule].sort(byID));
  }, []);
  const drop = useCallback((gone) => {
    told.current.set(gone, { at: performance.now(), gone: true });
    setRows((old) => old?.filter(({ id }) => id !== gone) ?? null);
  }, []);
  return { rows, put, drop };
}

const byID = (a, b) => (a.id < b.id ? -1 : 1);
