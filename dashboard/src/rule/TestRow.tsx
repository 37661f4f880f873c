/** One comparison of the builder. */
import { X } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import { Cut } from '#/text/Cut';
import { plainText } from '#/text/markdown';
import { Visible } from '#/text/Visible';
import { visibleText } from '#/text/visible';
import { Button } from '#/ui/Button';
import { FIELD } from '#/ui/Field';
import { NUMBER, type Operator, type Test } from './built';
import {
  fieldName,
  initialValues,
  inputOf,
  type OfferedField,
  OPERATORS,
  operatorsOf,
} from './fields';

/** Longer descriptions are cut. */
const INFO_CHARACTERS_MAX = 160;
const HOURS = Array.from({ length: 25 }, (_, hour) => String(hour));

/** Shows a comparison. `offered` is its field, if it is documented. */
export function TestRow({
  test,
  offered,
  onChange,
  onRemove,
}: {
  test: Test;
  offered: OfferedField | undefined;
  onChange: (test: Test) => void;
  onRemove: () => void;
}) {
  const name = visibleText(fieldName(test.field));
  const kind = offered?.kind ?? null;
  const operators = operatorsOf({ field: test.field, kind });
  // A condition that was written as CEL may compare a field otherwise than its type suggests.
  const options = operators.includes(test.operator) ? operators : [test.operator, ...operators];
  const choose = (operator: Operator) => {
    const isSame = inputOf(operator) === inputOf(test.operator);
    const zone = test.values[2] ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    onChange({ ...test, operator, values: isSame ? test.values : initialValues(operator, zone) });
  };
  const info = plainText(offered?.info ?? '');
  return (
    <li className="space-y-1 rounded-md border border-line bg-page p-2 text-sm">
      <div className="flex flex-wrap items-center gap-2">
        <span className="min-w-0 font-medium">
          and <Visible text={fieldName(test.field)} />
        </span>
        <select
          aria-label={`Comparison of ${name}`}
          value={test.operator}
          onChange={(event) => choose(event.target.value as Operator)}
          className={`${FIELD} w-auto! max-w-full`}
        >
          {options.map((operator) => (
            <option key={operator} value={operator}>
              {OPERATORS[operator]}
            </option>
          ))}
        </select>
        <Value test={test} name={name} offered={offered} onChange={onChange} />
        <Button
          tone="quiet"
          aria-label={`Remove condition on ${name}`}
          className="ml-auto"
          onClick={onRemove}
        >
          <X aria-hidden className="size-4" />
        </Button>
      </div>
      {info !== '' && (
        <p className="text-soft">
          <Cut text={info} length={INFO_CHARACTERS_MAX} lines={2} />
        </p>
      )}
    </li>
  );
}

interface ValueProps {
  test: Test;
  name: string;
  offered: OfferedField | undefined;
  onChange: (test: Test) => void;
}

function Value(props: ValueProps) {
  switch (inputOf(props.test.operator)) {
    case 'none':
      return null;
    case 'number':
      return <NumberValue {...props} />;
    case 'list':
      return <ListValue {...props} />;
    case 'hours':
    case 'zone':
      return <TimeValue {...props} />;
    case 'text':
      return <TextValue {...props} />;
  }
}

function TextValue({ test, name, offered, onChange }: ValueProps) {
  const listId = useId();
  return (
    <>
      <input
        aria-label={`Value of ${name}`}
        list={offered && offered.values.length > 0 ? listId : undefined}
        value={test.values[0] ?? ''}
        autoComplete="off"
        onChange={(event) => onChange({ ...test, values: [event.target.value] })}
        className={`${FIELD} min-w-32 flex-1`}
      />
      {offered && offered.values.length > 0 && (
        <datalist id={listId}>
          {offered.values.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </>
  );
}

/** Keeps the typed text, which is not always a number. The condition has the last valid one. */
function NumberValue({ test, name, onChange }: ValueProps) {
  const value = test.values[0] ?? '';
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    setTyped((before) => (isSameNumber(before, value) ? before : value));
  }, [value]);
  const isValid = NUMBER.test(typed);
  return (
    <input
      aria-label={`Value of ${name}`}
      aria-invalid={!isValid || undefined}
      inputMode="decimal"
      value={typed}
      autoComplete="off"
      onChange={(event) => {
        setTyped(event.target.value);
        if (NUMBER.test(event.target.value)) onChange({ ...test, values: [event.target.value] });
      }}
      // Invalid text gives way to the number in the condition.
      onBlur={() => setTyped(value)}
      className={`${FIELD} w-32! aria-invalid:border-bad`}
    />
  );
}

/** Returns whether a text is being typed whose last valid number is `value`. */
function isSameNumber(typed: string, value: string): boolean {
  return typed === value || !NUMBER.test(typed);
}

/** One value on each line. */
function ListValue({ test, name, onChange }: ValueProps) {
  const id = useId();
  const value = test.values.join('\n');
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    setTyped((before) => (linesOf(before).join('\n') === value ? before : value));
  }, [value]);
  return (
    <div className="min-w-48 flex-1">
      <textarea
        aria-label={`Values of ${name}`}
        aria-describedby={id}
        rows={Math.min(6, Math.max(2, test.values.length + 1))}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          onChange({ ...test, values: linesOf(event.target.value) });
        }}
        className={FIELD}
      />
      <p id={id} className="text-xs text-soft">
        One value per line
      </p>
    </div>
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function TimeValue({ test, name, onChange }: ValueProps) {
  const [from = '', to = '', zone = ''] = test.values;
  const listId = useId();
  const hour = (
    label: string,
    hours: readonly string[],
    value: string,
    change: (value: string) => void,
  ) => (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => change(event.target.value)}
      className={`${FIELD} w-auto!`}
    >
      {hours.map((each) => (
        <option key={each} value={each}>
          {each.padStart(2, '0')}:00
        </option>
      ))}
    </select>
  );
  return (
    <>
      {inputOf(test.operator) === 'hours' && (
        <>
          {hour('From', HOURS.slice(0, -1), from, (value) =>
            onChange({ ...test, values: [value, to, zone] }),
          )}
          <span>and</span>
          {hour('To', HOURS.slice(1), to, (value) =>
            onChange({ ...test, values: [from, value, zone] }),
          )}
        </>
      )}
      <input
        aria-label={`Time zone of ${name}`}
        list={listId}
        value={zone}
        autoComplete="off"
        onChange={(event) => onChange({ ...test, values: [from, to, event.target.value] })}
        className={`${FIELD} min-w-32 flex-1`}
      />
      <datalist id={listId}>
        {Intl.supportedValuesOf('timeZone').map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}
