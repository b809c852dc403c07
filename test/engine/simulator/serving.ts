import { Ollama } from "ollama";
import OpenAI from "openai";
import { onTestFinished } from "vitest";
import type { Simulator, SimulatorOptions } from "../../../src/engine/simulator/options.ts";
import { startSimulator } from "../../../src/engine/simulator/simulator.ts";

/** A simulator that ends with the test; it answers "yes" unless told otherwise. */
export async function serving(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ answer: () => "yes", ...options });
  onTestFinished(() => simulator.close());
  return simulator;
}

/** A simulator that ends with the test, answered by the built-in reader. */
export async function servingReader(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  onTestFinished(() => simulator.close());
  return simulator;
}

export function openaiOf(simulator: Simulator, apiKey = "key"): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${simulator.url}/v1`, maxRetries: 0, timeout: 10_000 });
}

export function ollamaOf(simulator: Simulator): Ollama {
  return new Ollama({ host: simulator.url });
}

export const hello = [{ role: "user" as const, content: "Hello there, how are you?" }];

/** The error a promise is rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("it was not rejected");
}

/** Sends a body as it is and gives what came back. */
export async function post(
  simulator: Simulator,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${simulator.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
