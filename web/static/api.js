// The HTTP interface as the page uses it: one function per operation, one error class.

/** An answer that is not a success, or no answer at all (status 0). */
export class ApiError extends Error {
  constructor(status, problem = {}) {
    super(problem.detail || problem.title || "");
    this.status = status;
    this.fields = problem.errors ?? []; // [{pointer | parameter | header, message}]
    this.jobID = problem.job_id ?? ""; // of a duplicate: the running job
  }

  /** Whether the request may never have arrived, so that sending it again is right. */
  get unreachable() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

// The API promises to begin every answer within a second. Ten of them are for a slow line.
const TIMEOUT = 10_000;

let clockSkew = 0; // server's clock minus ours, in ms
const watchers = new Set();
let reachable = true;

/** The server's time: forecasts come as instants, and a browser's clock may be minutes off. */
export const serverNow = () => Date.now() + clockSkew;

/** Calls fn with true or false whenever the API begins or ceases to answer; returns how to stop that. */
export function onReachable(fn) {
  watchers.add(fn);
  fn(reachable);
  return () => watchers.delete(fn);
}

function setReachable(now) {
  if (now === reachable) return;
  reachable = now;
  for (const fn of watchers) fn(now);
}

async function request(method, path, { body, key, signal } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const limit = AbortSignal.timeout(TIMEOUT);
  let response, text;
  try {
    response = await fetch(path, {
      method, headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw cause; // we did not want the answer any more
    setReachable(false);
    throw new ApiError(0);
  }
  const error = response.ok ? null : new ApiError(response.status, parse(text));
  setReachable(!error?.unreachable);
  noteClock(response.headers.get("Date"));
  if (error) throw error;
  return parse(text);
}

/** The JSON of an answer, {} if it is none. */
export function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // a proxy's HTML page, say; the status tells enough
  }
}

function noteClock(date) {
  const skew = Date.parse(date) - Date.now();
  // Date counts whole seconds, and the answer took its time: a smaller difference is no knowledge.
  if (Number.isFinite(skew) && Math.abs(skew - clockSkew) > 2000) clockSkew = skew;
}

const at = (id) => `/v1/jobs/${encodeURIComponent(id)}`;

export const getKinds = (signal) => request("GET", "/v1/kinds", { signal }).then((r) => r.kinds ?? []);

/** The place is TYPE/NAME. */
export const getKind = (place, signal) =>
  request("GET", `/v1/kinds/${place.split("/").map(encodeURIComponent).join("/")}`, { signal });

/** Where the empty workbook of a kind of bulk save or sync is. */
export const templateURL = (type, name, locale) => `/v1/kinds/${type}/${encodeURIComponent(name)}/template.xlsx?locale=${locale}`;

export function getJobs(query, signal) {
  const given = Object.entries(query).filter(([, value]) => value);
  return request("GET", `/v1/jobs?${new URLSearchParams(given)}`, { signal });
}

export const getJob = (id, signal) => request("GET", at(id), { signal });

/** A fresh Idempotency-Key. Not crypto.randomUUID: browsers have it on HTTPS and localhost only. */
export const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Starts an export. The same key with the same body gives the same job, however often it is sent. */
export const startExport = (kind, body, key) =>
  request("POST", `/v1/exports/${encodeURIComponent(kind)}`, { body, key });

/** Resolves to what was found in an upload that was sent before. */
export const getUpload = (id, signal) => request("GET", `/v1/uploads/${encodeURIComponent(id)}`, { signal });

/** Starts a bulk save of an upload; for the key see startExport. */
export const startSave = (kind, body, key) =>
  request("POST", `/v1/bulk-saves/${encodeURIComponent(kind)}`, { body, key });

/** Starts a sync of filters or of an upload; for the key see startExport. */
export const startSync = (kind, body, key) => request("POST", `/v1/syncs/${encodeURIComponent(kind)}`, { body, key });

/** One page of the rows or items of a job, see job.ItemPage. */
export function getItems(id, query, signal) {
  const given = Object.entries(query).filter(([, value]) => value);
  return request("GET", `${at(id)}/items?${new URLSearchParams(given)}`, { signal });
}

/** Asks a job to cancel, pause, resume, retry or undo, by the link that it offers; resolves to a job. */
export const act = (link, body) => request("POST", link, { body });

export const getPartners = (signal) => request("GET", "/v1/partners", { signal }).then((r) => r.partners ?? []);

/** Changes limits of a partner's account, see job.PartnerLimits; resolves to the partner. */
export const changePartner = (name, body) => request("PATCH", `/v1/partners/${encodeURIComponent(name)}`, { body });

const schedule = (id) => `/v1/schedules/${encodeURIComponent(id)}`;

/** All of them, by ID, without their requests and jobs. */
export async function getSchedules(signal) {
  const all = [];
  for (let token = ""; ;) {
    const page = await request("GET", `/v1/schedules?${new URLSearchParams({ page_size: 200, ...(token && { page_token: token }) })}`, { signal });
    all.push(...(page.schedules ?? []));
    token = page.next_page_token;
    if (!token) return all;
  }
}

export const getSchedule = (id, signal) => request("GET", schedule(id), { signal });
export const createSchedule = (body) => request("POST", "/v1/schedules", { body });
export const changeSchedule = (id, body) => request("PATCH", schedule(id), { body });
export const deleteSchedule = (id) => request("DELETE", schedule(id));
export const runSchedule = (id) => request("POST", `${schedule(id)}/run`);

/**
 * Follows one job by server-sent events until it ends. EventSource reconnects by itself after a lost
 * connection, but not after an HTTP error; onClosed is called then. Returns how to stop.
 */
export function follow(id, onJob, onClosed) {
  const source = new EventSource(`${at(id)}/events`);
  source.addEventListener("status", (event) => onJob(JSON.parse(event.data)));
  // The state of the end has come before. Left open, the browser would take the end for a lost connection.
  source.addEventListener("end", () => source.close());
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) onClosed();
  });
  return () => source.close();
}
