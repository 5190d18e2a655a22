// The code area: CodeMirror with SPARQL colours, completion, the margin with errors, and keys that let go of Tab.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { sparql } from "@codemirror/legacy-modes/mode/sparql";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { complete, goesOn } from "./completion";
import { make } from "./dom";
import { check, type Checked, type Problem, type Warning } from "./endpoint";
import { ends, inWords } from "./failure";
import { declaring, missing } from "./prefixes";
import { setting, word } from "./setting";
import { vocabulary } from "./vocabulary";

const PAUSE = 700; // Milliseconds.

const colours = HighlightStyle.define([
  { tag: tags.keyword, class: "sparql-keyword" },
  { tag: [tags.standard(tags.name), tags.operatorKeyword, tags.operator], class: "sparql-operator" },
  { tag: [tags.variableName, tags.special(tags.variableName)], class: "sparql-variable" },
  { tag: [tags.string, tags.special(tags.string), tags.atom, tags.number, tags.meta], class: "sparql-value" },
  { tag: tags.comment, class: "sparql-comment" },
]);

/** What the code area needs to know of the page around it. */
export interface Around {
  run: () => void;
  changed: (query: string) => void;
}

/** Words that CodeMirror says, in the language of the page. */
const phrases = {
  Completions: word("editor_completions"),
  Diagnostics: word("editor_errors"),
  "No diagnostics": word("editor_no_errors"),
  close: word("editor_close"),
};

/** Declare a prefix as soon as it is typed. */
const declareTyped = EditorView.inputHandler.of((view, _from, _to, text) => {
  if (text !== ":") return false;
  void vocabulary().then((terms) => declare(view, terms.prefixes), () => undefined);
  return false;
});

function declare(view: EditorView, known: Record<string, string>): void {
  const lacking = missing(view.state.doc.toString(), known);
  if (lacking.length) view.dispatch({ changes: declaring(view.state.doc, lacking, known) });
}

/** The code area over one element; each tab has a state of its own, with its own history. */
export class Code {
  readonly view: EditorView;
  private readonly extensions: Extension;
  private waiting = 0;

  constructor(parent: HTMLElement, around: Around) {
    this.extensions = [
      EditorView.cspNonce.of(setting.nonce),
      EditorState.phrases.of(phrases),
      keymap.of([{ key: "Mod-Enter", run: () => (around.run(), true) }]),
      lintGutter(),
      lineNumbers(),
      highlightActiveLineGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ override: [complete], icons: false, maxRenderedOptions: 60, activateOnCompletion: goesOn }),
      highlightActiveLine(),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
      StreamLanguage.define(sparql),
      syntaxHighlighting(colours),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": word("query"), "aria-describedby": "editor-keys", lang: "zxx", tabindex: "0" }),
      declareTyped,
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        around.changed(update.state.doc.toString());
        this.checkSoon();
      }),
    ];
    this.view = new EditorView({ parent, state: this.state("") });
  }

  /** Return the state of a new tab; where a query has an empty line to fill, the cursor stands in it. */
  state(query: string): EditorState {
    const anchor = query.search(/(?<=^ +)$/m);
    return EditorState.create({ doc: query, extensions: this.extensions, selection: { anchor: Math.max(0, anchor) } });
  }

  get query(): string {
    return this.view.state.doc.toString();
  }

  /** Write the PREFIX lines that the query lacks; without the terms, the endpoint says what is missing. */
  async declare(): Promise<void> {
    const terms = await vocabulary().catch(() => null);
    if (terms) declare(this.view, terms.prefixes);
  }

  /** Write the PREFIX lines of all prefixes of the graph. */
  async declareAll(): Promise<void> {
    const { prefixes } = await vocabulary();
    const all = Object.keys(prefixes).sort();
    const lacking = missing(`${this.query}\n${all.map((one) => ` ${one}:`).join("")}`, prefixes);
    if (lacking.length) this.view.dispatch({ changes: declaring(this.view.state.doc, lacking, prefixes) });
  }

  /** Mark what is wrong with the query when the reader pauses. */
  private checkSoon(): void {
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => void this.check(), PAUSE);
  }

  private async check(): Promise<void> {
    if (completionStatus(this.view.state) === "active") return this.checkSoon(); // The word is not finished.
    const { query } = this;
    const checked: Checked = query.trim() ? await check(query) : { problem: null, warnings: [] };
    if (query === this.query) this.mark(checked.problem, checked.warnings);
  }

  /** Mark a problem and terms that are not in use at their places, in the text and in the margin; unmark all others. */
  mark(problem: Problem | null, warnings: Checked["warnings"] = []): void {
    const found = warnings.map((one) => this.warning(one));
    if (problem?.line) found.push(this.diagnostic(problem, problem.line));
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  /** Mark a problem and bring its place into view. */
  show(problem: Problem): void {
    this.mark(problem);
    const [first] = problem.line ? [this.diagnostic(problem, problem.line)] : [];
    if (first) this.view.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: "center" }) });
  }

  /** Put the cursor at the place of a problem. */
  goTo(problem: Problem): void {
    if (!problem.line) return;
    const { from } = this.diagnostic(problem, problem.line);
    this.view.dispatch({ selection: { anchor: from }, scrollIntoView: true });
    this.view.focus();
  }

  /** Put what is nearest in the place of a term, and check anew. */
  mend(warning: Warning): void {
    const { from, to } = this.warning(warning);
    this.view.dispatch({ changes: { from, to, insert: warning.nearest }, userEvent: "input.mend" });
  }

  private warning(warning: Warning): Diagnostic {
    const told = this.diagnostic({ ...warning, title: "" }, warning.line, "warning");
    const { text, to: end } = this.view.state.doc.lineAt(told.from);
    const to = told.from + [...text.slice(text.length - (end - told.from))].slice(0, warning.length).join("").length;
    const actions = warning.nearest ? [{ name: word("editor_mend", { term: warning.nearest }), apply: () => this.mend(warning) }] : [];
    return { ...told, to, actions };
  }

  private diagnostic(problem: Problem, number: number, severity: Diagnostic["severity"] = "error"): Diagnostic {
    const line = this.view.state.doc.line(Math.min(Math.max(number, 1), this.view.state.doc.lines));
    // Columns count characters; the positions of the editor count UTF-16 units.
    const before = [...line.text].slice(0, (problem.column ?? 1) - 1).join("").length;
    const from = Math.min(line.from + before, line.to);
    const next = /^\S+/.exec(line.text.slice(from - line.from))?.[0].length ?? 0;
    const start = next === 0 && from > line.from ? from - 1 : from;
    const renderMessage = (): Node => make("span", {}, problem.title ? make("strong", {}, inWords(problem.title), ends(problem.title), " ") : "", problem.title ? make("span", { lang: "en" }, problem.detail) : problem.detail);
    return { from: start, to: Math.min(from + next, line.to), severity, message: problem.detail, renderMessage };
  }
}
