import * as vscode from "vscode";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { pickModel } from "./pickModel.ts";

/** Starts the batch server, over the model that is named or picked, and says where it answers. */
export async function startBatchServer(lab: Lab, argument: unknown): Promise<string | undefined> {
  requireTrust();
  const { url: up } = lab.batchServer;
  if (up !== undefined) {
    void offer(lab, up);
    return up;
  }
  const model =
    typeof argument === "string" ? argument : await pickModel(lab, "Which model answers for names without a provider?");
  if (model === undefined) return undefined;
  const url = await lab.batchServer.start([model]);
  void offer(lab, url);
  return url;
}

export async function stopBatchServer(lab: Lab): Promise<void> {
  await lab.batchServer.stop();
}

async function offer(lab: Lab, url: string): Promise<void> {
  const chosen = await vscode.window.showInformationMessage(
    `The batch server answers at ${url}/v1: files, batches and chat completions, as OpenAI.`,
    "Copy OPENAI_BASE_URL",
    "Stop",
  );
  if (chosen === "Copy OPENAI_BASE_URL") await vscode.env.clipboard.writeText(`OPENAI_BASE_URL=${url}/v1`);
  if (chosen === "Stop") await lab.batchServer.stop();
}
