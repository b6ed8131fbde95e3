// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// What npm runs in a package folder after it packed it.

import { restorePackage } from "./package-folder.ts";

restorePackage(process.cwd());
