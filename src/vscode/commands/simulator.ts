import * as vscode from "vscode";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";

/** Starts the simulator and says where it answers. */
export async function openSimulator(lab: Lab): Promise<void> {
  requireTrust();
  void offer(lab, await lab.simulator.start());
}

export async function stopSimulator(lab: Lab): Promise<void> {
  await lab.simulator.stop();
}

async function offer(lab: Lab, url: string): Promise<void> {
  const chosen = await vscode.window.showInformationMessage(
    `The simulator answers at ${url}, as OpenAI (${url}/v1) and as Ollama.`,
    "Copy OPENAI_BASE_URL",
    "Stop",
  );
  if (chosen === "Copy OPENAI_BASE_URL") await vscode.env.clipboard.writeText(`OPENAI_BASE_URL=${url}/v1`);
  if (chosen === "Stop") await lab.simulator.stop();
}
