// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** The lines of one component that say when it is. */
export interface Entry {
  /** Unfolded. */
  readonly lines: readonly string[];
  /** As the calendar calls it, else by its place: for problems. */
  readonly name: string;
}

/** A calendar in parts. What nobody needs to know when somebody is busy is left out: descriptions, guests, alarms. */
export interface CalendarLines {
  readonly events: readonly Entry[];
  /** Stretches that are busy without being events. */
  readonly busy: readonly Entry[];
  readonly zones: readonly Entry[];
  readonly problems: readonly string[];
}

const needed = {
  VEVENT: /^(?:UID|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|EXRULE|RECURRENCE-ID|STATUS|TRANSP)[;:]/i,
  VFREEBUSY: /^(?:UID|FREEBUSY)[;:]/i,
  VTIMEZONE: /^(?:TZID|DTSTART|RRULE|RDATE|TZOFFSETFROM|TZOFFSETTO|BEGIN|END)[;:]/i,
} as const;
type Kind = keyof typeof needed;

const longestLine = 20_000;
const mostLines = 200;
const mostEntries = 5_000;

/**
 * Cuts an iCalendar text (RFC 5545) into its components, each to be read by itself, so that one which is broken does not hide
 * the others. Linear in the text; several calendars after one another are read as one.
 */
export function calendarLines(text: string): CalendarLines {
  const found: Readonly<Record<Kind, Entry[]>> = { VEVENT: [], VFREEBUSY: [], VTIMEZONE: [] };
  const problems: string[] = [];
  let open: { readonly kind: Kind; readonly lines: string[]; readonly inner: string[]; problem?: string } | undefined;
  let calendars = 0;
  for (const line of unfolded(text)) {
    const [, edge, named = ""] = /^(BEGIN|END):([A-Za-z-]{1,40})\s*$/i.exec(line) ?? [];
    const name = named.toUpperCase();
    if (edge?.toUpperCase() === "BEGIN" && name === "VCALENDAR") calendars += 1;
    if (open === undefined) {
      if (edge?.toUpperCase() === "BEGIN" && isKind(name)) open = { kind: name, lines: [], inner: [] };
      continue;
    }
    if (edge !== undefined && name === open.kind && open.inner.length === 0) {
      const whole = found.VEVENT.length + found.VFREEBUSY.length + found.VTIMEZONE.length;
      const entry = { lines: open.lines, name: nameOf(open.lines, whole) };
      const problem = edge.toUpperCase() === "BEGIN" ? "begins twice" : open.problem;
      if (problem !== undefined) problems.push(`${entry.name}: ${problem}`);
      else if (whole >= mostEntries) problems.push(`${entry.name}: more than ${mostEntries} entries; it is left out`);
      else found[open.kind].push(entry);
      open = edge.toUpperCase() === "BEGIN" && isKind(name) ? { kind: name, lines: [], inner: [] } : undefined;
      continue;
    }
    // Alarms have times of their own, and zones have parts that are needed.
    if (edge?.toUpperCase() === "BEGIN" && open.inner.length < 3) open.inner.push(name);
    const alarm = open.kind !== "VTIMEZONE" && open.inner.length > 0;
    if (!alarm && needed[open.kind].test(line)) {
      if (line.length > longestLine) open.problem = `a line of ${line.length} characters is too long`;
      else if (open.lines.length >= mostLines) open.problem = `has more than ${mostLines} lines that say when it is`;
      else open.lines.push(line);
    }
    if (edge?.toUpperCase() === "END" && open.inner.at(-1) === name) open.inner.pop();
  }
  if (open !== undefined) problems.push(`${nameOf(open.lines, 0)}: has no end; the calendar may be cut off`);
  if (calendars === 0 && text.trim() !== "") problems.push("this is no iCalendar text: it has no BEGIN:VCALENDAR");
  return { events: found.VEVENT, busy: found.VFREEBUSY, zones: found.VTIMEZONE, problems };
}

function unfolded(text: string): readonly string[] {
  const lines: string[][] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (/^[ \t]/.test(line)) lines.at(-1)?.push(line.slice(1));
    else lines.push([line]);
  }
  return lines.map((parts) => parts.join(""));
}

function isKind(name: string): name is Kind {
  return Object.hasOwn(needed, name);
}

function nameOf(lines: readonly string[], place: number): string {
  const uid = lines.find((line) => /^UID[;:]/i.test(line));
  const shown = uid?.slice(uid.indexOf(":") + 1, uid.indexOf(":") + 61).replaceAll(/[^\x20-\x7e]/g, "?");
  return shown === undefined || shown === "" ? `entry ${place + 1}` : `"${shown}"`;
}
