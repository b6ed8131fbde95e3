// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { agents } from "./agents.ts";
export { type DemoOptions, type DemoResult, type DemoTerminal, demo } from "./demo.ts";
export { type BusyTimes, busyTimesIn } from "./domain/icalendar/busy-times.ts";
export type { FeedEntry } from "./domain/icalendar/feed.ts";
export { type Mirroring, mirroring } from "./domain/icalendar/mirrored.ts";
export type { ChatEndpoint } from "./model/chat-completion.ts";
export { modelReader, type SentenceReader, type Situation } from "./model/sentence-reader.ts";
export { caldavCalendar, type Login } from "./outside/caldav-calendar.ts";
export { feedCalendar } from "./outside/feed-calendar.ts";
export type {
  CalendarChange,
  CalendarObject,
  OutsideCalendar,
  OutsideCalendars,
} from "./outside/outside-calendar.ts";
export { providerAgent } from "./provider-agent.ts";
export { sampleProviders, seed } from "./sample-world.ts";
export { schedulingAgent } from "./scheduling-agent.ts";
export { userAgent } from "./user-agent.ts";
