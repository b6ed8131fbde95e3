// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { EventSourceParserStream } from "eventsource-parser/stream";

/** A model behind an endpoint that speaks the wire format of OpenAI's chat completions. */
export interface ChatEndpoint {
  /** Base, e.g. "http://localhost:11434/v1". */
  readonly url: string;
  /** Name that the endpoint knows the model by. */
  readonly model: string;
  /** Unset: the endpoint asks for none. */
  readonly key?: string | undefined;
}

/** What a model is told. */
export interface ChatMessage {
  readonly role: "system" | "user";
  readonly content: string;
}

/** An answer has a few hundred characters; a model that goes on and on is stopped. */
const longestAnswer = 4_000;
const longestEvent = 64_000;

/**
 * Asks for one answer, as a stream, and gives its whole text.
 *
 * @throws Error when the endpoint refuses, breaks off, sends what is no answer, or the signal aborts
 */
export async function chatCompletion(
  endpoint: ChatEndpoint,
  messages: readonly ChatMessage[],
  signal: AbortSignal,
): Promise<string> {
  const { url, model, key } = endpoint;
  const response = await fetch(`${url.replace(/\/+$/, "")}/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({
      ...{ model, messages, stream: true, temperature: 0, max_tokens: 400 },
      response_format: { type: "json_object" },
    }),
    // The key must not go anywhere else.
    redirect: "error",
    signal,
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`the model's endpoint answered with status ${response.status}`);
  }
  return streamed(response.body);
}

async function streamed(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const events = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: longestEvent }));
  let text = "";
  let ended = false;
  for await (const { data } of events) {
    if (data === "[DONE]") return text;
    const { content, isLast } = deltaOf(data);
    text += content;
    ended ||= isLast;
    if (text.length > longestAnswer) throw new Error(`the model's answer is longer than ${longestAnswer} characters`);
  }
  if (!ended) throw new Error("the model's answer broke off");
  return text;
}

function deltaOf(data: string): { readonly content: string; readonly isLast: boolean } {
  const chunk = field(parsed(data));
  if (chunk("error") !== undefined) throw new Error("the model's endpoint failed within its answer");
  const choices = chunk("choices");
  const choice = field(Array.isArray(choices) ? choices[0] : undefined);
  const content = field(choice("delta"))("content");
  return { content: typeof content === "string" ? content : "", isLast: typeof choice("finish_reason") === "string" };
}

/**
 * JSON of a model or its endpoint.
 *
 * @throws Error that does not quote it: it may repeat what a person said
 */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`the model's answer of ${text.length} characters is no JSON`);
  }
}

/** The own fields of whatever came over the wire. */
export function field(value: unknown): (name: string) => unknown {
  const fields = new Map<string, unknown>(typeof value === "object" && value !== null ? Object.entries(value) : []);
  return (name) => fields.get(name) ?? undefined;
}
