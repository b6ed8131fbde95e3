// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Something the source documents ask for. A test shows it by naming its id in the test's name: `test("… [R13]", …)`. */
export interface Requirement {
  /** `R` and the number under which the mission lists it. */
  readonly id: string;
  readonly title: string;
  /** Source documents that ask for it. */
  readonly from: readonly Source[];
  /** What no test shows yet, where tests show the rest: such a requirement counts as partly shown. */
  readonly missing?: string;
}

/** 000 booking, 001 communication patterns, 002 creative and deterministic agents, 003 decision record, 004 protocol. */
export type Source = "000" | "001" | "002" | "003" | "004";

const all: readonly Source[] = ["000", "001", "002", "003", "004"];

/** Everything that is asked for. What no test names is open, whatever the code may do. */
export const requirements: readonly Requirement[] = [
  // Messages
  {
    id: "R01",
    title: "Every message carries the common header: ids, correlation, cause, time, both agents, type",
    from: ["000"],
  },
  {
    id: "R02",
    title: "Commands say type, campaign, customer, priority, due time, context and correlation",
    from: ["001", "003"],
  },
  { id: "R03", title: "Events say type, status, metadata and performance, and have no target", from: ["001", "003"] },
  {
    id: "R04",
    title: "A context update tells last contact, channel, response, sentiment and escalation of a customer",
    from: ["001"],
  },
  {
    id: "R05",
    title: "Events of modules carry id, type, source, time, data, agent, correlation and priority",
    from: ["004"],
  },
  {
    id: "R06",
    title: "A service call names service, method and parameters, and has a timeout and a retry policy",
    from: ["004"],
  },
  {
    id: "R07",
    title: "A change request has its dated id, affected modules, changes, impact and a testing plan",
    from: ["004"],
  },
  { id: "R08", title: "Many messages can go as one batch with an id and a count", from: ["001"] },
  {
    id: "R09",
    title: "An agent's state shows status, current work with progress, performance and resources",
    from: ["001"],
  },
  {
    id: "R10",
    title: "An agent's health shows last heartbeat, failure reason, retries and whether to escalate",
    from: ["001"],
  },
  {
    id: "R11",
    title: "Agents act under an identity with permissions and expiry, and what they do is audited for compliance",
    from: ["001"],
  },
  {
    id: "R12",
    title: "The catalogue of outreach events, commands and state updates exists as contracts",
    from: ["003"],
  },
  { id: "R13", title: "The booking messages exist, each with the payload its document lists", from: ["000"] },
  {
    id: "R14",
    title: "Slots, time preferences, user preferences, appointment statuses and reason codes exist as data",
    from: ["000"],
  },
  {
    id: "R15",
    title: "Agents have roles, models and tools; campaigns and leads name one agent per role; history keeps cost",
    from: ["002"],
  },
  {
    id: "R16",
    title: "Events are called after module, action and object; a lint holds to it, exceptions are listed",
    from: ["004"],
  },
  {
    id: "R17",
    title: "Messages are small, versioned, and refer to large data; parts deploy independently",
    from: ["001", "004"],
    missing: "contracts for large data by reference",
  },
  // Patterns and topology
  {
    id: "R18",
    title: "Commands, events, calls, publish-subscribe, sagas, worker pools and pipelines all work",
    from: ["001"],
  },
  { id: "R19", title: "Sagas carry several steps through and undo them when one fails", from: ["001", "003"] },
  {
    id: "R20",
    title: "Events, read models, sagas and breakers work together over three channels; a flow can wait for an event",
    from: ["003", "004"],
  },
  { id: "R20b", title: "The agents, modules and services that the documents name exist", from: ["000", "003", "004"] },
  { id: "R21", title: "The same agents run in one process or apart, without a change to them", from: ["000"] },
  { id: "R22", title: "Each objection to direct calls, event sourcing and gRPC is answered in writing", from: ["003"] },
  { id: "R23", title: "One broker, order within it, one trace across it, little to operate", from: ["003"] },
  // Delivery
  {
    id: "R24",
    title: "A contract chooses at most once, at least once or effectively once",
    from: ["001"],
  },
  {
    id: "R25",
    title: "Messages start within the time of their priority: 1 s, 5 s, 30 s, 5 min",
    from: ["001", "004"],
    missing: "the times themselves are measured by a bench (lanes), not asserted: tests show the order of starts",
  },
  {
    id: "R26",
    title: "Events are replicated, partitioned by key, kept for days and heard by groups",
    from: ["003"],
    missing: "five brokers; three nodes are tested for sourcing and appends, not for hearers",
  },
  {
    id: "R27",
    title: "Work queues per channel are durable, have priorities and isolate tenants",
    from: ["003"],
    missing: "tenants in accounts of their own",
  },
  {
    id: "R28",
    title: "State streams are bounded in number and age, and feed dashboards and context",
    from: ["003"],
    missing: "a bound by number: state is one message for each key, and forgotten by time",
  },
  {
    id: "R29",
    title: "Acknowledged, persistent, idempotent, due later, in batches; what fails for good is kept",
    from: ["000", "001", "002", "003", "004"],
  },
  // Resilience
  { id: "R30", title: "Each channel has its own retry schedule; phone falls back to SMS", from: ["003"] },
  {
    id: "R31",
    title: "Each class of error has its own retry schedule, and Retry-After is respected",
    from: ["004"],
  },
  {
    id: "R32",
    title: "Breakers open, probe and close by failure rate, time and probes per channel",
    from: ["001", "003"],
  },
  {
    id: "R33",
    title: "Every synchronous call has a timeout; calls, events, files and batches have their own",
    from: ["000", "004"],
    missing: "limits for files and batches of their own",
  },
  {
    id: "R34",
    title: "A contended slot has one winner; the others are told kindly and get alternatives",
    from: ["000"],
  },
  {
    id: "R35",
    title: "Failures are detected, isolated and moved away from; errors are typed; agents degrade gracefully",
    from: ["001", "004"],
  },
  {
    id: "R36",
    title: "Timeouts, failures, retries and permission boundaries are tested, under faults too",
    from: ["003", "004"],
  },
  // State
  {
    id: "R37",
    title: "State is shared by consensus and events, can be rebuilt, and is cached",
    from: ["001"],
    missing: "snapshots of agent state for others, template and configuration caches",
  },
  { id: "R38", title: "Two agents share one conversation; old and new campaigns work side by side", from: ["002"] },
  { id: "R39", title: "An agent hands a task over with its context, and the receiver goes on", from: ["004"] },
  {
    id: "R40",
    title: "Change requests go through review to completion; maintenance makes agents read-only",
    from: ["004"],
    missing: "change requests",
  },
  // Security
  {
    id: "R41",
    title: "Transport is encrypted, sensitive fields sealed, messages signed, keys rotated, tokens expire",
    from: ["001", "003", "004"],
    missing: "everything but permission checks: no TLS, sealing, signatures, key rotation or tokens yet",
  },
  {
    id: "R42",
    title: "Access is limited per subject and schema, tenants are isolated, an audit trail is kept",
    from: ["001", "003"],
    missing: "everything but permissions on events: tenants and the audit trail",
  },
  // Load and observability
  {
    id: "R43",
    title: "Calls are balanced by turn, weight, connections or response time over pools",
    from: ["001"],
  },
  {
    id: "R44",
    title: "One trace per request over every hop, with the documents' header names",
    from: ["001", "003", "004"],
  },
  {
    id: "R45",
    title: "The metrics that the documents name are measured",
    from: ["001", "003", "004"],
    missing: "business metrics, and bytes that agents move over the network",
  },
  {
    id: "R46",
    title: "Alerts on error rate and backlog; logs carry the documents' fields",
    from: ["001", "004"],
    missing: "rules for alerts",
  },
  { id: "R47", title: "It can be seen which agent did what and what it cost", from: ["002"] },
  // REST
  {
    id: "R48",
    title: "Campaigns and agents are reachable by REST as documented, old ones unchanged",
    from: ["002"],
    missing: "campaigns and agents: their contracts, which will have these paths",
  },
  // Scenarios
  {
    id: "R49",
    title: "Every scenario of the documents runs, step by step",
    from: ["000", "001", "002", "004"],
    missing: "all but booking: campaigns, leads, files and changes have no agents yet",
  },
  // Targets
  {
    id: "R50",
    title: "The targets for loss, availability, latency, throughput and recovery are measured",
    from: ["003"],
  },
  { id: "R51", title: "The phases are built, and the compliance checklist is a linter", from: ["003", "004"] },
  // Future items
  { id: "R52", title: "The documents' future items work too", from: ["000", "002"], missing: "those of 002" },
  // Conflicts and gaps
  {
    id: "R53",
    title: "Priorities, correlation ids and trace headers of all documents map onto one set",
    from: all,
  },
  { id: "R54", title: "Which retry schedule counts, and what an attempt is, is decided", from: ["001", "003", "004"] },
  { id: "R55", title: "What stands for each broker of the documents is published", from: ["003"] },
  { id: "R56", title: "Exactly once, consensus and gossip are claimed only as far as they hold", from: ["000", "001"] },
  {
    id: "R57",
    title:
      "What users expect unasked is there: evolution, redrive, replay, quotas, deadlines, streaming, tenants, keys, discovery, upgrades",
    from: all,
    missing: "quotas, tenants, keys and upgrades",
  },
];
