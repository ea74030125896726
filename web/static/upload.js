// Sending a file. It is the only request that takes its time, and the only one that is not made by fetch, which
// tells nothing about the way there.
import { ApiError, parse } from "./api.js";

/**
 * Sends a file {kind, tenant, file} and resolves to what the server found in it. onSent is called with the bytes that
 * are on their way. There is no limit of time: a line may be slow. An aborted signal rejects with its reason.
 */
export function sendUpload({ kind, tenant, file }, onSent, signal) {
  return new Promise((resolve, reject) => {
    const ask = new XMLHttpRequest();
    ask.open("POST", `/v1/uploads?${new URLSearchParams({ kind, tenant, filename: file.name })}`);
    ask.setRequestHeader("Accept", "application/json");
    ask.setRequestHeader("Accept-Language", document.documentElement.lang);
    ask.setRequestHeader("Content-Type", "application/octet-stream");
    ask.upload.addEventListener("progress", (event) => onSent(event.loaded));
    ask.addEventListener("load", () => {
      const answer = parse(ask.responseText);
      if (ask.status === 201) resolve(answer);
      else reject(new ApiError(ask.status, answer));
    });
    ask.addEventListener("error", () => reject(new ApiError(0)));
    ask.addEventListener("abort", () => reject(signal.reason));
    signal.addEventListener("abort", () => ask.abort());
    ask.send(file);
  });
}
