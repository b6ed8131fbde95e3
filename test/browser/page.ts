// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { writeFileSync } from "node:fs";
import { setTimeout as passed } from "node:timers/promises";
import type { Wire, WireEvent } from "./wire.ts";

const patienceMs = 20_000;

/** One page of a browser, with everything that went wrong on it. */
export class Page {
  /** What the console says of errors (also what the page's own policy forbids), and exceptions that nobody caught. */
  readonly complaints: string[] = [];
  /** Every address that the page has loaded something from. */
  readonly asked: string[] = [];
  readonly #wire: Wire;
  readonly #session: string;

  private constructor(wire: Wire, session: string) {
    this.#wire = wire;
    this.#session = session;
    wire.listen((event) => event.sessionId === session && this.#hear(event));
  }

  static async open(wire: Wire): Promise<Page> {
    const { targetId } = (await wire.send("Target.createTarget", { url: "about:blank" })) as { targetId: string };
    const attached = await wire.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(wire, (attached as { sessionId: string }).sessionId);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.#send(`${domain}.enable`);
    return page;
  }

  async goTo(url: string): Promise<void> {
    await this.#send("Page.navigate", { url });
    await this.until(`document.readyState === "complete" && location.href === ${JSON.stringify(url)}`);
  }

  /** What an expression comes to on the page; a promise is awaited. JSON only. */
  async get(expression: string): Promise<unknown> {
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = (await this.#send("Runtime.evaluate", parameters)) as Evaluated;
    if (exceptionDetails !== undefined)
      throw new Error(`${exceptionDetails.exception?.description ?? exceptionDetails.text} in ${expression}`);
    return result.value;
  }

  /** Waits until the expression is true. */
  async until(expression: string): Promise<void> {
    const end = performance.now() + patienceMs;
    while ((await this.get(`Boolean(${expression})`)) !== true) {
      if (performance.now() > end) throw new Error(`never came true: ${expression}`);
      await passed(50);
    }
  }

  /** Clicks what a person would: the middle of the element, once it is there. */
  async click(selector: string): Promise<void> {
    const element = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`${element}?.getClientRects().length`);
    await this.get(`${element}.scrollIntoView({ block: "center", behavior: "instant" })`);
    const box = `(({ x, y, width, height }) => [x + width / 2, y + height / 2])(${element}.getBoundingClientRect())`;
    const [x, y] = (await this.get(box)) as [number, number];
    for (const type of ["mousePressed", "mouseReleased"])
      await this.#send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }

  /** Writes what the window shows as PNG. */
  async picture(path: string): Promise<void> {
    const { data } = (await this.#send("Page.captureScreenshot")) as { data: string };
    writeFileSync(path, Buffer.from(data, "base64"));
  }

  async #send(method: string, params: object = {}): Promise<unknown> {
    return await this.#wire.send(method, params, this.#session);
  }

  #hear({ method, params }: WireEvent): void {
    if (method === "Network.requestWillBeSent") this.asked.push((params["request"] as { url: string }).url);
    if (method === "Runtime.exceptionThrown")
      this.complaints.push((params["exceptionDetails"] as Evaluated["exceptionDetails"])?.text ?? "exception");
    if (method === "Log.entryAdded") {
      const { level, text, url } = params["entry"] as { level: string; text: string; url?: string };
      if (level === "error") this.complaints.push(`${text} ${url ?? ""}`);
    }
    if (method === "Runtime.consoleAPICalled" && params["type"] === "error")
      this.complaints.push(JSON.stringify(params["args"]));
  }
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}
