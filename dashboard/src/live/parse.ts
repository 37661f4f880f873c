/** Server-sent events, read from a stream of text. */

/** One event. */
export interface ServerEvent {
  id: string | null;
  name: string;
  data: string;
}

/** Takes text as it comes and gives events as they are whole. */
export class EventParser {
  #rest = '';
  #name = '';
  #data: string[] = [];
  #id: string | null = null;

  /** The events that this piece completes. */
  push(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const text = this.#rest + piece;
    // A carriage return at the end may be the first half of a line's end.
    const end = text.endsWith('\r') ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '') + text.slice(end);
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | null {
    if (line === '') {
      const data = this.#data.join('\n');
      const isEvent = this.#data.length > 0;
      const event = { id: this.#id, name: this.#name || 'message', data };
      this.#name = '';
      this.#data = [];
      return isEvent ? event : null;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return null;
  }
}
