// How the editor looks: the colors of the tokens, so that it follows the theme by itself.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const frame = EditorView.theme({
  "&": { backgroundColor: "var(--bg-surface)", color: "var(--text)", fontSize: "0.8125rem" },
  "&.cm-focused": {
    outline: "2px solid var(--focus)",
    outlineOffset: "-1px",
    borderRadius: "var(--r-control)",
  },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.25rem", minHeight: "22rem" },
  ".cm-content": { caretColor: "var(--text)", padding: "var(--s-8) 0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": {
    backgroundColor: "var(--bg-surface)",
    borderRight: "1px solid var(--line)",
    color: "var(--text-3)",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in oklab, var(--text) 4%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "light-dark(#bfe2d9, #1f5a4d)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)" },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "var(--r-control)",
    backgroundColor: "var(--bg-surface)",
    boxShadow: "var(--shadow-popover)",
    color: "var(--text)",
    font: "var(--table)",
  },
  ".cm-diagnostic": { maxWidth: "30rem" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--warn)" },
  ".cm-lintRange-error": { background: "none", textDecoration: "underline wavy var(--bad)" },
  ".cm-lintRange-warning": { background: "none", textDecoration: "underline wavy var(--warn)" },
});

const words = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--text-3)", fontStyle: "italic" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--text-2)" },
]);

export const editorLook = [frame, syntaxHighlighting(words)];
