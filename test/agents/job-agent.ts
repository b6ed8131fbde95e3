// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type Agent,
  type Context,
  defineAgent,
  defineJournal,
  MeshError,
  type MessageHeader,
  on,
  serve,
} from "@parley/mesh";
import { JobDoneSchema, JobService, JobsOrderedSchema, JobWishedSchema } from "../gen/parley/test/v1/job_pb.js";

/** Jobs that were done, by name. */
export const jobs = defineJournal({
  name: "jobs",
  version: 1,
  events: [JobDoneSchema],
  initial: () => 0,
  evolve: (count) => count + 1,
});

/** What was ordered. */
export const orders = defineJournal({
  name: "orders",
  version: 1,
  events: [JobsOrderedSchema],
  initial: () => 0,
  evolve: (count, { count: more }) => count + more,
});

/** One run of Do. */
export interface JobRun {
  readonly where: string;
  readonly name: string;
  readonly header: MessageHeader;
  /** Contract time. */
  readonly at: number;
}

/** What is to be said of a job that was done; none: nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: most behaviours return nothing
type JobNote = Promise<string | undefined | void> | string | undefined | void;

/** Does, for each job, what a test wants, and remembers every run. */
export class Workshop {
  readonly runs: JobRun[] = [];
  /** Most that ran at once. */
  most = 0;
  #now = 0;
  readonly #behaviours = new Map<string, (ctx: Context) => JobNote>();

  /** What happens when a job of that name is done; others just come and go. */
  behave(name: string, behaviour: (ctx: Context) => JobNote): void {
    this.#behaviours.set(name, behaviour);
  }

  /** Runs of a job so far. */
  runsOf(name: string): readonly JobRun[] {
    return this.runs.filter((run) => run.name === name);
  }

  /** The agent that does jobs. @param where which of several hosts */
  agent(where = ""): Agent {
    return defineAgent({
      name: "test.job",
      serves: [
        serve(JobService, {
          do: async ({ name, kept }, ctx) => {
            this.runs.push({ where, name, header: ctx.header, at: ctx.clock.now() });
            this.most = Math.max(this.most, ++this.#now);
            try {
              const count = kept ? await this.#keep(name, ctx) : 0;
              const note = (await this.#behaviours.get(name)?.(ctx)) ?? "";
              return { count, note };
            } finally {
              this.#now--;
            }
          },
          order: ({ names, refuse }, ctx) =>
            ctx.commit({ order: orders.at("all") }, ({ order }, outbox) => {
              order.append(JobsOrderedSchema, { count: names.length });
              for (const name of names) outbox.dispatch(JobService.method.do, { name, kept: true });
              if (refuse) throw new MeshError({ code: "REFUSED", message: "told to refuse" });
              return { ordered: order.state };
            }),
          doSecretly: () => ({}),
        }),
      ],
    });
  }

  #keep(name: string, ctx: Context): Promise<number> {
    return ctx.commit({ job: jobs.at(name) }, ({ job }) => {
      job.append(JobDoneSchema, { name });
      return job.state;
    });
  }
}

/** The agent that has done what is wished for, in a handler without state. */
export const wishAgent = defineAgent({
  name: "test.wish",
  hears: [
    on(JobWishedSchema, { name: "have-it-done" }, async ({ name }, ctx) => {
      await ctx.dispatch(JobService.method.do, { name, kept: true });
      if (ctx.header.attempt < 2) throw new MeshError({ code: "CONNECTION_LOST", message: "lost after it was sent" });
    }),
  ],
});
