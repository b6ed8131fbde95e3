// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  ConflictAction as ActionMessage,
  type Conflict as ConflictMessage,
  type ConflictSchema,
  type TimeOff as TimeOffMessage,
  TimeOffSchema,
  type UpdateAcknowledgement,
  UpdateAcknowledgementSchema,
  UpdateStatus,
} from "@parley/contracts/parley/scheduling/v1/time_off_pb.js";
import type { Acknowledgement, Conflict, ConflictAction, TimeOff } from "../domain/booking/time-off.ts";
import { appointmentMessage, appointmentOf, offerMessage, offerOf } from "./appointment-message.ts";
import { milliseconds, timeFields, windowOf } from "./instants.ts";
import { present } from "./present.ts";

/** The time off as a message. */
export function timeOffMessage(timeOff: TimeOff): TimeOffMessage {
  const { timeOffId, providerId, reason, createdAt, acknowledgement } = timeOff;
  return create(TimeOffSchema, {
    ...{ timeOffId, providerId, reason },
    ...timeFields(timeOff),
    createdTime: timestampFromMs(createdAt),
    ...(acknowledgement === undefined ? {} : { acknowledgement: acknowledgementMessage(acknowledgement) }),
  });
}

/** The time off that a message says. */
export function timeOffOf(message: TimeOffMessage): TimeOff {
  const { timeOffId, providerId, reason, createdTime, acknowledgement } = message;
  return {
    ...{ timeOffId, providerId, reason },
    ...windowOf(message),
    createdAt: milliseconds(createdTime),
    ...(acknowledgement === undefined ? {} : { acknowledgement: acknowledgementFrom(acknowledgement) }),
  };
}

/** What was found and done, as a message. */
export function acknowledgementMessage({ conflicts, summary }: Acknowledgement): UpdateAcknowledgement {
  return create(UpdateAcknowledgementSchema, {
    status: UpdateStatus.ACKNOWLEDGED,
    conflicts: conflicts.map(conflictMessage),
    summary,
  });
}

/** What was found and done, as a message says it. */
function acknowledgementFrom({ conflicts, summary }: UpdateAcknowledgement): Acknowledgement {
  return { conflicts: conflicts.map(conflictOf), summary };
}

/** A conflict as a message. */
export function conflictMessage({ appointment, action, options }: Conflict): MessageInitShape<typeof ConflictSchema> {
  return {
    appointment: appointmentMessage(appointment),
    action: ActionMessage[action],
    options: options.map(offerMessage),
  };
}

/** The conflict that a message says. */
export function conflictOf({ appointment, action, options }: ConflictMessage): Conflict {
  return {
    appointment: appointmentOf(present(appointment)),
    action: actionOf(action),
    options: options.map(offerOf),
  };
}

function actionOf(action: ActionMessage): ConflictAction {
  switch (action) {
    case ActionMessage.OPTIONS_SENT:
      return "OPTIONS_SENT";
    case ActionMessage.NO_OPTIONS:
      return "NO_OPTIONS";
    default:
      return "NONE";
  }
}
