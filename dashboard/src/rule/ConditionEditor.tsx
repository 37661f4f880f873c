/** The code editor for conditions. */
import { autocompletion, type CompletionContext, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import {
  bracketMatching,
  HighlightStyle,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightSpecialChars,
  keymap,
  placeholder,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { ConditionError, ConditionWarning } from '#/client';
import { spanAt } from './position';
import { completionsAt, type Documented } from './vocabulary';

/** The gateway's limit, in characters. */
const CONDITION_CHARACTERS_MAX = 4096;

/** After these, completions are offered before anything is typed. */
const OPENING = /[.(]$|(?:==|!=|\[)\s*["']$/;

/**
 * Completions shown together. The list moves with the selection; a scrolling list would not be
 * reachable by keyboard.
 */
const COMPLETIONS_SHOWN_MAX = 8;

const language = StreamLanguage.define<null>({
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?/)) return 'string';
    if (stream.match(/\d[\w.]*/)) return 'number';
    if (stream.match(/\/\/.*/)) return 'comment';
    if (stream.match(/(?:true|false|null|in)\b/)) return 'keyword';
    if (stream.match(/(?:request|service|agent|operation|intent|now)\b/)) return 'variableName';
    if (stream.match(/[A-Za-z_]\w*(?=\()/)) return 'propertyName';
    if (stream.match(/[A-Za-z_]\w*/)) return null;
    stream.next();
    return 'operator';
  },
});

const colors = HighlightStyle.define([
  { tag: tags.string, color: 'var(--good)' },
  { tag: tags.number, color: 'var(--warn)' },
  { tag: tags.keyword, color: 'var(--warn)' },
  { tag: tags.variableName, color: 'var(--brand)', fontWeight: '600' },
  { tag: tags.propertyName, fontWeight: '600' },
  { tag: tags.comment, color: 'var(--soft)' },
]);

/**
 * Replaces a selection on typing. Browsers would keep the replaced text's style in a style attribute,
 * which the content security policy forbids.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { inputType, isComposing, data } = event;
    if (inputType !== 'insertText' || isComposing || !data) return false;
    if (view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(data), {
      userEvent: 'input.type',
      scrollIntoView: true,
    });
    return true;
  },
});

const theme = EditorView.theme({
  '&': {
    color: 'var(--ink)',
    backgroundColor: 'var(--page)',
    border: '1px solid var(--line)',
    borderRadius: '0.375rem',
    fontSize: '0.875rem',
  },
  '&.cm-focused': { outline: '2px solid var(--brand)', outlineOffset: '2px' },
  '.cm-content': { minHeight: '7rem', padding: '0.5rem 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 0.75rem' },
  '.cm-scroller': { fontFamily: 'ui-monospace, monospace', lineHeight: '1.5' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground':
    { backgroundColor: 'var(--mark)' },
  '.cm-placeholder': { color: 'var(--soft)' },
  '.cm-tooltip': {
    color: 'var(--ink)',
    backgroundColor: 'var(--panel)',
    border: '1px solid var(--line)',
    borderRadius: '0.375rem',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { maxHeight: 'none' },
  '.cm-tooltip-autocomplete > ul > li': { padding: '0.25rem 0.5rem' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    color: 'var(--brand-ink)',
    backgroundColor: 'var(--brand)',
  },
  '.cm-completionDetail': { marginLeft: '0.75rem', fontStyle: 'normal' },
  '.cm-tooltip.cm-completionInfo': { padding: '0.25rem 0.5rem', maxWidth: '18rem' },
  '.cm-diagnostic': { padding: '0.25rem 0.5rem', borderLeftColor: 'var(--bad)' },
});

/**
 * The editor. It is in a shadow root, where its styles need no exception in the content security
 * policy.
 */
export default function ConditionEditor({
  value,
  errors,
  warnings,
  known,
  labeledBy,
  onChange,
}: {
  value: string;
  errors: readonly ConditionError[];
  warnings: readonly ConditionWarning[];
  known: Documented;
  /** The accessible name. */
  labeledBy: string;
  onChange: (value: string) => void;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ value, known, onChange });
  useEffect(() => {
    latest.current = { value, known, onChange };
  });

  useEffect(() => {
    if (!host.current) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' });
    const complete = ({ state, pos, explicit }: CompletionContext) => {
      const before = state.sliceDoc(0, pos);
      const completions = completionsAt(before, latest.current.known);
      if (!completions) return null;
      if (!explicit && completions.replaces === 0 && !OPENING.test(before)) return null;
      return {
        from: pos - completions.replaces,
        options: completions.items.map(({ text, kind, info }, index) => ({
          label: text,
          // Documented names come first, instead of alphabetical order.
          boost: -Math.min(index, 99),
          detail: kind,
          ...(info && { info }),
        })),
      };
    };
    view.current = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          history(),
          drawSelection(),
          highlightSpecialChars(),
          bracketMatching(),
          language,
          syntaxHighlighting(colors),
          autocompletion({
            override: [complete],
            icons: false,
            maxRenderedOptions: COMPLETIONS_SHOWN_MAX,
          }),
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          placeholder('request.method == "DELETE"'),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': labeledBy, spellcheck: 'false' }),
          EditorState.changeFilter.of(
            ({ docChanged, newDoc }) => !docChanged || newDoc.length <= CONDITION_CHARACTERS_MAX,
          ),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) latest.current.onChange(state.doc.toString());
          }),
          typeOver,
          theme,
        ],
      }),
    });
    return () => {
      view.current?.destroy();
      view.current = null;
    };
  }, [labeledBy]);

  // Applies changes from outside, such as a generated condition.
  useEffect(() => {
    const present = view.current?.state.doc.toString();
    if (present === undefined || present === value) return;
    view.current?.dispatch({ changes: { from: 0, to: present.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const { current } = view;
    if (!current) return;
    const text = current.state.doc.toString();
    const marked =
      (severity: 'error' | 'warning') =>
      ({ line, column, message }: ConditionError | ConditionWarning) => ({
        ...spanAt(text, line, column),
        severity,
        message,
      });
    const diagnostics = [...errors.map(marked('error')), ...warnings.map(marked('warning'))];
    current.dispatch(setDiagnostics(current.state, diagnostics));
  }, [errors, warnings]);

  return <div ref={host} data-testid="condition" />;
}
