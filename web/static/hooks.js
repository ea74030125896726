// Hooks that are about the browser, not about jobs.
import { useEffect, useState } from "preact/hooks";
import { onReachable, serverNow } from "./api.js";

const PREFIX = "longhaul.";

/** Reads a remembered value; storage may be forbidden or hold something old. */
export function recall(name, fallback) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remembers a value, or forgets it where storage is forbidden. */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // The page works without a memory.
  }
}

/** State that outlives the page. */
export function useRemembered(name, fallback) {
  const [value, set] = useState(() => recall(name, fallback));
  return [value, (next) => { remember(name, next); set(next); }];
}

/** Whether the tab is in sight; nothing is asked of the API while it is not. */
export function useVisible() {
  const [visible, set] = useState(!document.hidden);
  useEffect(() => {
    const look = () => set(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return visible;
}

/** Whether the element of a ref is, or nearly is, where it can be seen. */
export function useInSight(ref) {
  const [seen, set] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => set(entries.at(-1).isIntersecting), { rootMargin: "200px" });
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return seen;
}

/** The server's time, renewed every second while active. */
export function useNow(active) {
  const [now, set] = useState(serverNow);
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => set(serverNow()), 1000);
    return () => clearInterval(timer);
  }, [active]);
  return active ? now : serverNow();
}

/** Whether the API answers. */
export function useReachable() {
  const [reachable, set] = useState(true);
  useEffect(() => onReachable(set), []);
  return reachable;
}

const ROUTES = /^#\/(?:(jobs|uploads)\/([^/?]+)|(schedules|partners)(?:\/([^/?]+))?)$/;

/** What the address names: {view, id}, view being jobs, uploads, schedules or partners, or empty for the list of jobs. */
export function useRoute() {
  const [hash, set] = useState(location.hash);
  useEffect(() => {
    const look = () => set(location.hash);
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  const [, one, id = "", view, part = ""] = ROUTES.exec(hash) ?? [];
  try {
    return { view: one ?? view ?? "", id: decodeURIComponent(id || part) };
  } catch {
    return { view: "", id: "" }; // a broken escape in a hand-made address
  }
}

/**
 * Calls fn(signal) at once and then every ms after it has finished, while active. A change of key starts
 * anew and drops the answer under way.
 */
export function usePoll(fn, ms, active, key) {
  useEffect(() => {
    if (!active) return undefined;
    const abort = new AbortController();
    let timer;
    const round = async () => {
      try {
        await fn(abort.signal);
      } catch {
        // The banner says that the API does not answer; the next round asks again.
      }
      if (!abort.signal.aborted) timer = setTimeout(round, ms);
    };
    round();
    return () => { abort.abort(); clearTimeout(timer); };
  }, [active, ms, key]);
}
