import path from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { fieldsOf } from "../../base/untyped.ts";
import type { BatchProgress } from "../../engine/service/batchJobs.ts";
import { findExperiments } from "../experimentFiles.ts";
import type { Lab } from "../lab.ts";
import { requireTrust } from "../trouble.ts";
import { count, integer } from "../words.ts";
import { pickModel } from "./pickModel.ts";

/** Makes a file of requests from a table, by an experiment or a template. Returns its path. */
export async function convertToBatch(lab: Lab, argument: unknown, more: unknown): Promise<string | undefined> {
  requireTrust();
  const table = await fileFor(argument, { Tables: ["csv", "tsv", "jsonl", "json"] }, "Convert to Batch Requests");
  if (table === undefined) return undefined;
  const maker = makerIn(more) ?? (await pickMaker());
  if (maker === undefined) return undefined;
  const model = "template" in maker ? await modelOf(lab, maker.template) : undefined;
  const to = beside(table.fsPath, ".batch.jsonl");
  const report = await working(lab, "Converting", "row", (job) =>
    lab.engine.request("batchConvert", {
      job,
      from: table.fsPath,
      to,
      ...("spec" in maker ? { spec: maker.spec.fsPath } : { template: maker.template.fsPath }),
      ...(model === undefined ? {} : { model }),
    }),
  );
  for (const { line, message } of report.bad) lab.log.warn(`${table.fsPath}:${line}: ${message}`);
  const left = report.skipped === 0 ? "" : ` ${count(report.skipped, "row")} made none; the log names them.`;
  void offerToOpen(`${count(report.written, "request")} written to ${vscode.workspace.asRelativePath(to)}.${left}`, to);
  return to;
}

/** Answers a file of requests into a file beside it; a second time it goes on where it was. Returns the answers' path. */
export async function runBatch(lab: Lab, argument: unknown, more: unknown): Promise<string | undefined> {
  requireTrust();
  const file = await fileFor(argument, { Requests: ["jsonl"] }, "Run Batch");
  if (file === undefined) return undefined;
  const to = beside(file.fsPath, ".answers.jsonl");
  const { concurrency } = lab.settings;
  const given = fieldsOf(more)?.["model"];
  const run = (model: string | undefined) =>
    working(lab, "Asking", "request", (job) =>
      lab.engine.request("batchRun", {
        job,
        from: file.fsPath,
        to,
        ...(model === undefined ? {} : { models: [model] }),
        ...(concurrency === undefined ? {} : { concurrency }),
      }),
    );
  let report: Awaited<ReturnType<typeof run>>;
  try {
    report = await run(typeof given === "string" ? given : undefined);
  } catch (error) {
    // The file's names have no provider: somebody must say whose they are.
    if (!(error instanceof UserError) || error.code !== "unknown-model") throw error;
    const model = await pickModel(lab, "Which model answers?");
    if (model === undefined) return undefined;
    report = await run(model);
  }
  const said = `${integer(report.completed)} of ${count(report.requests, "request")} answered${report.failed > 0 ? `, ${integer(report.failed)} failed` : ""}.`;
  const why = report.reason === undefined ? "" : ` Stopped: ${report.reason}.`;
  const next = report.status === "finished" ? "" : " Run it again to go on.";
  void offerToOpen(`${said}${why}${next}`, to);
  return to;
}

/** Takes in what providers have answered meanwhile; a run's metrics are shown. */
export async function fetchBatches(lab: Lab): Promise<void> {
  requireTrust();
  const found = await lab.engine.request("batchSubmissions", { refresh: true });
  const ready = found.filter(({ state }) => state === "ready");
  if (ready.length === 0) {
    const out = found.filter(({ state }) => state === "waiting").length;
    void vscode.window.showInformationMessage(
      out === 0 ? "No batch is out." : `${count(out, "batch", "batches")} not ready yet.`,
    );
    return;
  }
  for (const { id } of ready) {
    const report = await lab.engine.request("batchFetch", { id });
    const missing = report.failed === 0 ? "" : `, ${integer(report.failed)} without an answer`;
    void vscode.window.showInformationMessage(`${count(report.answered, "answer")} taken in${missing}.`);
    if (report.run !== undefined) await vscode.commands.executeCommand("layoutlab.showMetrics", { run: report.run });
  }
}

/** Takes batches that are out back at their provider, after asking; `argument` may be the submission's id. */
export async function cancelBatch(lab: Lab, argument: unknown): Promise<void> {
  requireTrust();
  const found = await lab.engine.request("batchSubmissions", { refresh: true });
  const out = found.filter(({ state, cancelled }) => state === "waiting" && !cancelled);
  const items = out.map((one) => ({
    label: one.name,
    description: `${count(one.requests, "request")}, ${one.id}`,
    one,
  }));
  const named = typeof argument === "string" ? items.find(({ one }) => one.id === argument) : undefined;
  const picked =
    named ?? (items.length < 2 ? items[0] : await vscode.window.showQuickPick(items, { placeHolder: "Cancel which?" }));
  if (picked === undefined) {
    if (out.length === 0) void vscode.window.showInformationMessage("No batch is out.");
    return;
  }
  const { id, name, requests } = picked.one;
  const sure = "Cancel Batch";
  const question = `Cancel ${name}, ${count(requests, "request")}? What is answered by then is kept and paid for.`;
  if ((await vscode.window.showWarningMessage(question, { modal: true }, sure)) !== sure) return;
  const view = await lab.engine.request("batchCancel", { id });
  void vscode.window.showInformationMessage(
    view.state === "ready"
      ? `${name} is cancelled; Fetch Batches takes in what was answered.`
      : `The provider is cancelling ${name}; that may take minutes.`,
  );
}

type Maker = { readonly spec: vscode.Uri } | { readonly template: vscode.Uri };

function makerIn(more: unknown): Maker | undefined {
  const { spec, template } = fieldsOf(more) ?? {};
  if (spec instanceof vscode.Uri) return { spec };
  return template instanceof vscode.Uri ? { template } : undefined;
}

async function pickMaker(): Promise<Maker | undefined> {
  const experiments = await findExperiments();
  const picked = await vscode.window.showQuickPick(
    [
      ...experiments.map((spec) => ({ label: vscode.workspace.asRelativePath(spec), spec })),
      { label: "A template file…", spec: undefined },
    ],
    { placeHolder: "Which prompt makes a request of a row?" },
  );
  if (picked === undefined) return undefined;
  if (picked.spec !== undefined) return { spec: picked.spec };
  const [template] = (await vscode.window.showOpenDialog({ title: "Template" })) ?? [];
  return template && { template };
}

/** A template of JSON may name its model itself. */
async function modelOf(lab: Lab, template: vscode.Uri): Promise<string | undefined> {
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(template));
  return /"model"\s*:/.test(text) ? undefined : pickModel(lab, "Which model answers?");
}

async function fileFor(
  argument: unknown,
  filters: Readonly<Record<string, string[]>>,
  title: string,
): Promise<vscode.Uri | undefined> {
  if (argument instanceof vscode.Uri) return argument;
  return (await vscode.window.showOpenDialog({ title, filters: { ...filters } }))?.[0];
}

function beside(file: string, ending: string): string {
  const { dir, name } = path.parse(file);
  return path.join(dir, `${name.replace(/\.batch$/, "")}${ending}`);
}

/** A job with its progress in a notification; cancelling lets what is in flight finish. */
async function working<T>(lab: Lab, title: string, noun: string, work: (job: string) => Promise<T>): Promise<T> {
  const job = crypto.randomUUID();
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      let before = 0;
      const tell = ({ done, total, failed, perSecond, waits }: BatchProgress) => {
        const of = total === undefined ? count(done, noun) : `${integer(done)} of ${count(total, noun)}`;
        const parts = [of, `${Math.round(perSecond)}/s`, failed > 0 ? `${integer(failed)} failed` : "", waits ?? ""];
        progress.report({
          message: parts.filter((part) => part !== "").join(" · "),
          ...(total === undefined ? {} : { increment: (100 * (done - before)) / Math.max(1, total) }),
        });
        before = done;
      };
      const listening = lab.engine.on("batch", (event) => {
        if (event.job === job) tell(event);
      });
      const cancelling = token.onCancellationRequested(() => lab.engine.request("batchStop", { job, now: false }));
      try {
        return await work(job);
      } finally {
        listening.dispose();
        cancelling.dispose();
      }
    },
  );
}

async function offerToOpen(message: string, file: string): Promise<void> {
  const chosen = await vscode.window.showInformationMessage(message, "Open");
  if (chosen !== undefined) await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(file));
}
