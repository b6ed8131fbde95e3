// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toBinary } from "@bufbuild/protobuf";
import { MeshErrorDetailSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { expect, test } from "vitest";
import { errorDetail, errorFromDetail } from "./error-detail.ts";
import { MeshError } from "./mesh-error.ts";

test("an error whose delay has a fraction, as jitter makes them, can be sent, and says no shorter delay", () => {
  const detail = errorDetail(new MeshError({ code: "OVERLOADED", message: "full", retryAfterMs: 107.539910766778 }));
  expect(toBinary(MeshErrorDetailSchema, detail).length).toBeGreaterThan(0);
  expect(errorFromDetail(detail).retryAfterMs).toBe(108);
});

test.each(["FROM_A_LATER_VERSION", "constructor", "toString", "__proto__", ""])(
  "a code that is not in the table (%j) becomes INTERNAL of the class that the peer says",
  (code) => {
    const detail = errorDetail(new MeshError({ code: "UNAVAILABLE", message: "away", mayHaveRun: true }));
    const error = errorFromDetail({ ...detail, code });
    expect(error).toMatchObject({ code: "INTERNAL", errorClass: "UNAVAILABLE", message: `${code}: away` });
    expect(errorDetail(error).code).toBe("INTERNAL");
  },
);
