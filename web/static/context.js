// What every component may need, passed down once.
import { createContext } from "preact";
import { useContext, useEffect } from "preact/hooks";
import { placeOf } from "./catalog.js";

/**
 * App holds:
 *   lang, t(key, parameters), text({ko, en}), fmt (see format.js)
 *   kinds, details, want: see catalog.js; titleOf({type, kind}): of a job or an upload
 *   tenant, setTenant(code), tenants: recent and seen codes
 *   announce(text): tells screen readers
 *   notify({text, href, link, tone}): shows it until it is closed; the tone is bad unless it is given
 *   confirm({title, text, yes, no}): resolves to true or false
 */
export const App = createContext(null);

export const useApp = () => useContext(App);

/** What a kind offers; undefined until it is known, null if it is no longer in the catalogue. */
export function useKind(type, name) {
  const { details, want } = useApp();
  const place = name && placeOf(type, name);
  useEffect(() => { if (place) want(place); }, [place]);
  return details[place];
}
