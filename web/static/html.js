// The one place that binds htm to Preact. htm puts values into the tree as text, never as markup.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
