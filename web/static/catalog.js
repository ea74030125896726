// The kinds of the catalogue: their names at once, what they offer when somebody looks.
import { useCallback, useState } from "preact/hooks";
import { getKind, getKinds } from "./api.js";
import { usePoll } from "./hooks.js";

const AGAIN = 3000; // ms between attempts while the API is away

const TYPES = ["export", "bulk_save", "sync"]; // that this page has a form for

/** The place of a kind in details: two types may have a kind of the same name. */
export const placeOf = (type, name) => `${type}/${name}`;

/**
 * Returns kinds (null until they are known), details by placeOf (null for a kind that is gone), and want(place),
 * which asks for details once. A deploy may change them; a page that has them keeps them until it is loaded
 * anew, and the API's refusals say what is not so any more.
 */
export function useCatalog() {
  const [kinds, setKinds] = useState(null);
  const [details, setDetails] = useState({});
  const [wanted, setWanted] = useState([]);
  usePoll(async (signal) => {
    const all = await getKinds(signal);
    if (!signal.aborted) setKinds(all.filter((kind) => TYPES.includes(kind.type)));
  }, AGAIN, kinds === null, "kinds");

  const missing = wanted.filter((place) => !(place in details));
  usePoll(async (signal) => {
    for (const place of missing) {
      const kind = await getKind(place, signal).catch((error) => {
        if (error.status === 404) return null;
        throw error;
      });
      if (!signal.aborted) setDetails((old) => ({ ...old, [place]: kind }));
    }
  }, AGAIN, missing.length > 0, missing.join());

  const want = useCallback((place) => setWanted((old) => (old.includes(place) ? old : [...old, place])), []);
  return { kinds, details, want };
}
