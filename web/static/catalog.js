// The kinds of the catalogue: their names at once, what they offer when somebody looks.
import { useCallback, useState } from "preact/hooks";
import { getKind, getKinds } from "./api.js";
import { usePoll } from "./hooks.js";

const AGAIN = 3000; // ms between attempts while the API is away

/**
 * Returns kinds (null until they are known), details by name (null for a kind that is gone), and want(name),
 * which asks for details once. A deploy may change them; a page that has them keeps them until it is loaded
 * anew, and the API's refusals say what is not so any more.
 */
export function useCatalog() {
  const [kinds, setKinds] = useState(null);
  const [details, setDetails] = useState({});
  const [wanted, setWanted] = useState([]);
  usePoll(async (signal) => {
    const all = await getKinds(signal);
    if (!signal.aborted) setKinds(all.filter((kind) => kind.type === "export"));
  }, AGAIN, kinds === null, "kinds");

  const missing = wanted.filter((name) => !(name in details));
  usePoll(async (signal) => {
    for (const name of missing) {
      const kind = await getKind(name, signal).catch((error) => {
        if (error.status === 404) return null;
        throw error;
      });
      if (!signal.aborted) setDetails((old) => ({ ...old, [name]: kind }));
    }
  }, AGAIN, missing.length > 0, missing.join());

  const want = useCallback((name) => setWanted((old) => (old.includes(name) ? old : [...old, name])), []);
  return { kinds, details, want };
}
