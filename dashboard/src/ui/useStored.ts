/** The values of a form, which follow what is stored until the user edits them. */
import { useState } from 'react';

/** Returns the values and their setter. Values are compared as JSON. */
export function useStored<Value>(stored: Value): [Value, (value: Value) => void] {
  const [value, setValue] = useState(stored);
  const [base, setBase] = useState(stored);
  if (!isSame(base, stored)) {
    setBase(stored);
    setValue(followed(value, base, stored));
  }
  return [value, setValue];
}

/** Returns the values after someone else changed the stored ones: these, unless there are edits. */
export function followed<Value>(value: Value, before: Value, stored: Value): Value {
  return isSame(value, before) ? stored : value;
}

/** Returns whether two values are the same as JSON. */
export function isSame<Value>(one: Value, other: Value): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
