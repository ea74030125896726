// The page's languages. Their dictionaries have the same keys; a test compares them and looks for keys that
// are used but missing, or never used.
import en from "./words/en.js";
import enSync from "./words/en_sync.js";
import ko from "./words/ko.js";
import koSync from "./words/ko_sync.js";

export const dictionaries = { ko: { ...ko, ...koSync }, en: { ...en, ...enSync } };

/** The language to begin with: the remembered one, else the first that the browser likes, else Korean. */
export function pickLanguage(remembered, liked = []) {
  for (const tag of [remembered, ...liked]) {
    const lang = String(tag ?? "").slice(0, 2).toLowerCase();
    if (Object.hasOwn(dictionaries, lang)) return lang;
  }
  return "ko";
}

/** Returns t(key, parameters) for a language. A key that is missing shows itself. */
export function translator(lang) {
  const words = dictionaries[lang];
  return (key, parameters = {}) =>
    (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => parameters[name] ?? whole);
}

/** The text of a {ko, en} pair from the catalogue. */
export const textIn = (lang, text) => text?.[lang] || text?.ko || text?.en || "";
