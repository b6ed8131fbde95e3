// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { localTime } from "../time/time-zone.ts";
import { attitudeOf, type Choice, type Choosable, countedChoice, describedChoice, pointsAtOne } from "./choice.ts";
import { durationIn } from "./duration.ts";
import { impossibleDateIn, unreadableIn } from "./impossible.ts";
import { negated } from "./negation.ts";
import { paraphrased } from "./paraphrase.ts";
import { type Scan, scanOf } from "./scan.ts";
import { selfCorrected } from "./self-correction.ts";
import { type Shift, shiftIn } from "./shift.ts";
import { moves, type SmallTalk, smallTalkIn, unknownServiceIn } from "./small-talk.ts";
import { respelled } from "./spelling.ts";
import { corrected, type Here, type TimeWords, timeWordsIn } from "./time-words.ts";
import { type Named, namedIn, type Vocabulary } from "./vocabulary.ts";

/** What a sentence wants; the names of parley.scheduling.v1.Intent without their prefix, UNCLEAR for none. */
export type Intent =
  | "UNCLEAR"
  | "BOOK_APPOINTMENT"
  | "CHOOSE_SLOT"
  | "DECLINE"
  | "CANCEL_APPOINTMENT"
  | "LIST_APPOINTMENTS";

/** What was understood of one sentence. */
export interface Understood {
  readonly intent: Intent;
  /** More than one: the name that was used fits them all. */
  readonly serviceTypes: readonly string[];
  readonly providerIds: readonly string[];
  /** As said; may be absurd. */
  readonly durationMinutes?: number | undefined;
  readonly when?: TimeWords | undefined;
  /** Whom it rules out: "not with Dr Smith". */
  readonly unwantedIds?: readonly string[] | undefined;
  /** A service that nobody known offers, in the person's words. */
  readonly unknownService?: string | undefined;
  /** Whether something shall take place at another time: offers, or what was booked. */
  readonly moves?: boolean | undefined;
  /** May be set with UNCLEAR: what the sentence is instead of a request. */
  readonly smallTalk?: SmallTalk | undefined;
  /** A date or time that does not exist, as said: "30 february", "25:00". */
  readonly impossible?: string | undefined;
  /** How much later or earlier than what was said before. */
  readonly shift?: Shift | undefined;
  /** How the providers that it names stand to those named before: "or Dr Weber" adds them, "anyone" gives all of them up. */
  readonly whom?: "also" | "anyone" | undefined;
  /** When not: "not tomorrow". */
  readonly notWhen?: TimeWords | undefined;
  /** Set with CHOOSE_SLOT. */
  readonly choice?: Choice | undefined;
  /** A name with a title that nobody known has. */
  readonly unknownName?: string | undefined;
}

/** What the sentence is heard against. */
export interface Hearing extends Here {
  readonly vocabulary: Vocabulary;
  /** What may be chosen now, in the order in which it was read out. */
  readonly offered: readonly Choosable[];
}

const greeting = /^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))\b[,.! ]*(?:there|parley)?[,.! ]*)+/;
const cancelling =
  /\b(?:cancel|call off|give up|drop)\b|\b(?:don't|do not|no longer) need (?:(?:the|my|that|this) (?:appointment|booking|slot)|it)\b|\b(?:can't|cannot|can not|won't|(?:am|'m) not)(?: be)?(?: able to)? (?:come|make it|attend)\b/;
const listing =
  /\b(?:do i (?:still )?have (?:an |any )?appointments?\b|do i have\b.{0,20}\b(?:booked|scheduled|planned)|my (?:next |upcoming |other )?(?:appointments?|bookings?)|(?:what|which|any|show|list)\b.{0,20}\b(?:appointments|bookings)|what(?:'s| is) (?:on|in) my (?:calendar|schedule|agenda|diary)|(?:what|when) (?:have i|do i have|is my))\b/;
const booking =
  /\b(?:book|schedule|make|arrange|reserve|find|get|need|want|would like|'d like|looking for|appointments?|see|visit|check-?up|available|free|slots?|times?)\b/;

const nothing: Scan = { rest: "", taken: [] };

/** Understands one English sentence. Never throws: what is not understood is UNCLEAR, to be asked back. */
export function understand(sentence: string, hearing: Hearing): Understood {
  const today = localTime(hearing.now, hearing.timeZone).toPlainDate();
  const spelled = respelled(scanOf(sentence).rest, hearing.vocabulary);
  const whole: Scan = { rest: paraphrased(spelled, today), taken: [] };
  const opening = greeting.exec(whole.rest)?.[0] ?? "";
  const plain: Scan =
    opening.length < whole.rest.length ? { rest: whole.rest.slice(opening.length), taken: [] } : whole;
  // What cancels is a negation itself: "I can't make it tomorrow" speaks of tomorrow.
  const parts = negated(plain);
  const { kept, ruledOut } =
    cancelling.test(plain.rest) && !cancelling.test(parts.ruledOut.rest) ? { kept: plain, ruledOut: nothing } : parts;
  const named = peopleIn(kept, hearing.vocabulary);
  const unwanted = namedIn(ruledOut, hearing.vocabulary);
  const { scan, shift } = shiftIn(named.scan);
  const duration = durationIn(scan);
  const time = timesIn(duration.scan, hearing);
  const said = {
    serviceTypes: named.serviceTypes,
    providerIds: named.providerIds,
    durationMinutes: duration.minutes,
    when: time.words,
    shift,
    whom: whomOf(named),
    unknownName: unknownNameIn(time.scan),
    impossible: impossibleDateIn(kept.rest, today) ?? unreadableIn(time.scan.rest),
    unknownService:
      named.serviceTypes.length + named.providerIds.length > 0 ? undefined : unknownServiceIn(time.scan.rest),
    moves: moves(kept.rest),
    unwantedIds: unwanted.providerIds,
    notWhen: timeWordsIn(durationIn(unwanted.scan).scan, hearing).words,
  };
  const meant = wanted(kept.rest, said, { ...hearing, attitude: attitudeOf(plain.rest) });
  // "Do not book a doctor", "don't cancel it": nothing is left to do.
  const service = unwanted.serviceTypes.length > 0;
  const refused = service || cancelling.test(ruledOut.rest) || (booking.test(ruledOut.rest) && !rulesOut(said));
  return refused && !asks(said) ? { ...said, intent: "DECLINE" } : { ...said, ...meant };
}

/** Who is named; of whom is named before and after a correction, the latter. */
function peopleIn(scan: Scan, vocabulary: Vocabulary): Named {
  const named = namedIn(scan, vocabulary);
  const parts = selfCorrected(scan);
  if (parts === undefined) return named;
  const [before, after] = [namedIn(parts.before, vocabulary), namedIn(parts.after, vocabulary)];
  const latter = (one: readonly string[], other: readonly string[]) =>
    one.length > 0 && other.length > 0 ? other : undefined;
  return {
    scan: named.scan,
    serviceTypes: latter(before.serviceTypes, after.serviceTypes) ?? named.serviceTypes,
    providerIds: latter(before.providerIds, after.providerIds) ?? named.providerIds,
  };
}

/** When; what a person corrects within the sentence counts as if they had said it in the next one. */
function timesIn(scan: Scan, here: Here): ReturnType<typeof timeWordsIn> {
  const whole = timeWordsIn(scan, here);
  const parts = selfCorrected(scan);
  if (parts === undefined) return whole;
  const [before, after] = [timeWordsIn(parts.before, here).words, timeWordsIn(parts.after, here).words];
  return before === undefined || after === undefined ? whole : { scan: whole.scan, words: corrected(before, after) };
}

/** Services are bars by now: "any doctor" is "any |". */
const anyone =
  /\b(?:any(?:one|body)\b(?! (?:but|except))|whoever\b|any (?=\|)|(?:does not|doesn't|not) matter who\b|no preference\b)/;
const also = /^(?:or|and) |\b(?:too|also|as well)\b/;

function whomOf({ scan, providerIds }: Named): "also" | "anyone" | undefined {
  if (providerIds.length === 0) return anyone.test(scan.rest) ? "anyone" : undefined;
  return also.test(scan.rest) ? "also" : undefined;
}

type Said = Omit<Understood, "intent" | "choice" | "smallTalk"> & { readonly unwantedIds: readonly string[] };

function wanted(
  sentence: string,
  said: Said,
  hearing: Hearing & { readonly attitude: ReturnType<typeof attitudeOf> },
): Pick<Understood, "intent" | "choice" | "smallTalk"> {
  const { attitude } = hearing;
  const informative = asks(said) || rulesOut(said);
  if (cancelling.test(sentence)) return { intent: "CANCEL_APPOINTMENT" };
  const choice =
    (attitude.wantsOther && !pointsAtOne(sentence)) || attitude.refuses || rulesOut(said)
      ? undefined
      : choiceIn(sentence, said, hearing);
  if (choice !== undefined) return { intent: "CHOOSE_SLOT", choice };
  const more = informative || said.unknownName !== undefined;
  if (!more && (attitude.refuses || (attitude.wantsOther && hearing.offered.length > 0))) return { intent: "DECLINE" };
  if (listing.test(sentence) && said.serviceTypes.length === 0) return { intent: "LIST_APPOINTMENTS" };
  if (hearing.offered.length > 0 && attitude.agrees && !informative)
    return { intent: "CHOOSE_SLOT", choice: { kind: "agreed" } };
  if (more || booking.test(sentence)) return { intent: "BOOK_APPOINTMENT" };
  return { intent: "UNCLEAR", smallTalk: smallTalkIn(sentence, attitude.agrees) };
}

function asks({ serviceTypes, providerIds, when, impossible, durationMinutes, shift, whom }: Said): boolean {
  const named = serviceTypes.length + providerIds.length > 0 || shift !== undefined || whom === "anyone";
  return named || when !== undefined || impossible !== undefined || durationMinutes !== undefined;
}

function rulesOut({ notWhen, unwantedIds }: Said): boolean {
  return notWhen !== undefined || unwantedIds.length > 0;
}

function choiceIn(sentence: string, said: Said, hearing: Hearing): Choice | undefined {
  const { offered } = hearing;
  if (offered.length === 0) return undefined;
  const otherService = said.serviceTypes.length > 0;
  const days = said.when?.days !== undefined || said.when?.hours !== undefined;
  const counted =
    otherService || days || said.when?.at !== undefined ? undefined : countedChoice(sentence, offered.length);
  return counted ?? describedChoice({ words: said.when, providerIds: said.providerIds }, offered, hearing);
}

function unknownNameIn(scan: Scan): string | undefined {
  const name = /\b(?:dr|mr|mrs|ms|miss|prof|professor)\b\.? ([\p{L}'-]{2,40})/u.exec(scan.rest)?.[1];
  return name === undefined ? undefined : name.charAt(0).toUpperCase() + name.slice(1);
}
