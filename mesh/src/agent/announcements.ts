// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AgentInstance,
  AgentJoinedSchema,
  AgentLeftSchema,
  AgentLostSchema,
  AgentStatusChangedSchema,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { NewMessage } from "../broker/new-message.ts";
import { sendSignal } from "../broker/signals.ts";
import type { Clock } from "../clock.ts";
import { Contracts } from "../contracts/contracts.ts";
import type { Directory } from "../directory/directory.ts";
import type { RegistrationInit } from "../directory/registration.ts";
import { MessageIds, Publisher, type PublisherInit } from "../events/publisher.ts";
import { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import { untraced } from "../telemetry/propagation.ts";
import type { Ground } from "./ground.ts";
import type { Speech } from "./speech.ts";

/** In whose name the directory speaks. */
const source = "mesh.directory";
const domain = AgentLostSchema.file.proto.package;

/** The same for every host of this process. */
const contracts = Contracts.of({
  events: [AgentJoinedSchema, AgentLeftSchema, AgentLostSchema, AgentStatusChangedSchema],
});

/** What announcements are made with. */
export interface AnnouncementsInit extends Omit<PublisherInit, "contracts" | "observer" | "grants"> {
  /** Sees to it that the stream of losses is there; not before there is one to tell. */
  readonly ensureDomain: (domain: string) => Promise<void>;
}

/**
 * Tells as events what happens to instances. All but a loss is told by the instance itself, or by who registered it, to
 * whoever listens; a loss is told by everybody who noticed, under one id, so that it is stored once.
 */
export class Announcements {
  readonly #publisher: Publisher;
  readonly #ensureDomain: AnnouncementsInit["ensureDomain"];

  constructor({ ensureDomain, ...init }: AnnouncementsInit) {
    this.#ensureDomain = ensureDomain;
    // No observer: that is told of what agents say.
    this.#publisher = new Publisher({ ...init, contracts, grants: () => true, observer: undefined });
  }

  /** What a registration is given, so that its instance is told of. */
  ofRegistration(): RegistrationInit {
    return {
      onJoined: (profile) => this.#tell(AgentJoinedSchema, { id: profile.id, profile }),
      onStatus: ({ id, name, status }, from, health) =>
        this.#tell(AgentStatusChangedSchema, {
          id,
          name,
          from,
          to: status,
          ...(health === undefined ? {} : { health }),
        }),
      onLeft: ({ id, name }) => this.#tell(AgentLeftSchema, { id, name }),
    };
  }

  /** Tells of every instance that the directory gives up from now on. Returns a function that ends it. */
  watchLosses(directory: Directory): () => void {
    return directory.onChange((change) => {
      // Who was frozen itself finds everybody silent; those who were not have told it long ago.
      if (change.kind !== "lost" || change.silentMs > 2 * directory.ttlMs) return;
      void this.#lost(change.instance).catch((thrown: unknown) => {
        const { code, message } = MeshError.from(thrown);
        // Somebody else told it in other words.
        if (code === "MESSAGE_ID_REUSED") return;
        logger.warn({ code, instance: change.instance.profile?.id }, `a loss could not be announced: ${message}`);
      });
    });
  }

  async #lost({ profile, health }: AgentInstance): Promise<void> {
    if (profile === undefined) return;
    const { id, registeredAt } = profile;
    const since = registeredAt === undefined ? "" : String(timestampMs(registeredAt));
    await this.#ensureDomain(domain);
    const lost = { id, profile, ...(health === undefined ? {} : { health }) };
    const ids = new MessageIds(source, "lost", id, since);
    await this.#publisher.publish(AgentLostSchema, lost, { source, cause: undefined, ids });
  }

  /** Told at most once: what nobody hears is lost, and the directory says the same to whoever asks. */
  #tell<D extends DescMessage>(event: D, init: MessageInitShape<D>): void {
    this.#publisher.publish(event, init, { source, cause: undefined, trace: untraced() }).catch(() => {});
  }
}

/** The announcements of a host. */
export function announcementsOf(
  { broker, ensureDomain }: Ground,
  { subjects, appender }: Speech,
  clock: Clock,
): Announcements {
  const signal = (message: NewMessage) => sendSignal(broker, message);
  return new Announcements({ clock, subjects, appender, signal, ensureDomain });
}
