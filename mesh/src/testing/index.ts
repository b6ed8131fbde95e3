// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { CommandRecorder } from "./command-recorder.ts";
export { EventRecorder, type Recorded } from "./event-recorder.ts";
export { ManualClock } from "./manual-clock.ts";
export { testBroker } from "./test-broker.ts";
export { type TestMesh, type TestMeshOptions, testMesh } from "./test-mesh.ts";
