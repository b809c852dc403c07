import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable.ts";
import type { CommandId } from "../contributions.ts";
import type { Lab } from "../lab.ts";
import { showTrouble } from "../trouble.ts";
import { addLayouts } from "./addLayouts.ts";
import { addApiKey, removeApiKey } from "./apiKeys.ts";
import { startBatchServer, stopBatchServer } from "./batchServer.ts";
import { deleteCached, exportCache, importCache, inspectAnswer, moreAnswers } from "./cacheEntries.ts";
import { clearCache } from "./clearCache.ts";
import { compareLayouts } from "./compareLayouts.ts";
import { compareRuns } from "./compareRuns.ts";
import { editPrices } from "./editPrices.ts";
import { estimateCost } from "./estimateCost.ts";
import { exportResults } from "./exportResults.ts";
import { newExperiment } from "./newExperiment.ts";
import { previewLayouts } from "./previewLayouts.ts";
import { pauseModel, resetCircuit, retuneLimits } from "./queueLimits.ts";
import { resumeRun } from "./resumeRun.ts";
import { deleteRun, markBaseline, openExperiment } from "./runEntries.ts";
import { measureNoise, runExperiment } from "./runExperiment.ts";
import { selectModels } from "./selectModels.ts";
import { showMetrics } from "./showMetrics.ts";
import { showProgress } from "./showProgress.ts";
import { openSimulator, stopSimulator } from "./simulator.ts";
import { stopRun } from "./stopRun.ts";
import { warmCache } from "./warmCache.ts";

type Command = (lab: Lab, argument: unknown, more: unknown) => unknown;

/** Not every session has batches: the entry stays small. */
const batchFiles = () => import("./batchFiles.ts");

/** Every command; the type keeps the record whole. */
const commands: { readonly [Id in CommandId]: Command } = {
  "layoutlab.newExperiment": newExperiment,
  "layoutlab.runExperiment": runExperiment,
  "layoutlab.resumeRun": resumeRun,
  "layoutlab.addLayouts": addLayouts,
  "layoutlab.measureNoise": measureNoise,
  "layoutlab.stopRun": stopRun,
  "layoutlab.previewLayouts": previewLayouts,
  "layoutlab.compareLayouts": compareLayouts,
  "layoutlab.estimateCost": estimateCost,
  "layoutlab.showProgress": showProgress,
  "layoutlab.showMetrics": showMetrics,
  "layoutlab.compareRuns": compareRuns,
  "layoutlab.exportResults": exportResults,
  "layoutlab.clearCache": clearCache,
  "layoutlab.addApiKey": addApiKey,
  "layoutlab.removeApiKey": removeApiKey,
  "layoutlab.selectModels": selectModels,
  "layoutlab.openSimulator": openSimulator,
  "layoutlab.stopSimulator": stopSimulator,
  "layoutlab.startBatchServer": startBatchServer,
  "layoutlab.stopBatchServer": stopBatchServer,
  "layoutlab.convertToBatch": async (lab, table, maker) => (await batchFiles()).convertToBatch(lab, table, maker),
  "layoutlab.runBatch": async (lab, file, more) => (await batchFiles()).runBatch(lab, file, more),
  "layoutlab.fetchBatches": async (lab) => (await batchFiles()).fetchBatches(lab),
  "layoutlab.cancelBatch": async (lab, id) => (await batchFiles()).cancelBatch(lab, id),
  "layoutlab.showDoctor": (lab) => lab.documents.showDoctor(),
  "layoutlab.openLog": (lab) => lab.log.show(),
  "layoutlab.openExperiment": openExperiment,
  "layoutlab.markBaseline": markBaseline,
  "layoutlab.deleteRun": deleteRun,
  "layoutlab.refreshExperiments": (lab) => lab.trees.experiments.refresh(),
  "layoutlab.inspectAnswer": inspectAnswer,
  "layoutlab.deleteCached": deleteCached,
  "layoutlab.moreAnswers": moreAnswers,
  "layoutlab.refreshCache": (lab) => lab.trees.cache.refresh(),
  "layoutlab.refreshModels": (lab) => lab.trees.models.refresh(),
  "layoutlab.pauseModel": (lab, argument) => pauseModel(lab, argument, true),
  "layoutlab.unpauseModel": (lab, argument) => pauseModel(lab, argument, false),
  "layoutlab.retuneLimits": retuneLimits,
  "layoutlab.resetCircuit": resetCircuit,
  "layoutlab.editPrices": (lab) => editPrices(lab),
  "layoutlab.warmCache": warmCache,
  "layoutlab.exportCache": exportCache,
  "layoutlab.importCache": importCache,
};

/** A command never rejects for a person: its trouble is shown. Who calls it from code learns by the undefined result. */
export function registerCommands(lab: Lab): vscode.Disposable {
  const store = new DisposableStore();
  for (const [id, run] of Object.entries(commands)) {
    store.add(
      vscode.commands.registerCommand(id, async (argument: unknown, more: unknown) => {
        try {
          return await run(lab, argument, more);
        } catch (error) {
          void showTrouble(error, lab.log);
          return undefined;
        }
      }),
    );
  }
  return store;
}
