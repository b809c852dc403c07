/**
 * Commands, settings and context keys, once: the code is typed by these tables, and a test holds package.json against them.
 * Nothing here imports `vscode`, so that the test can run anywhere.
 */

interface CommandContribution {
  /** As the palette shows it, under the category Layout Lab. */
  readonly title: string;
  /** A codicon, where the command is a button. */
  readonly icon?: string;
  /** Asks models or writes what they answered, so it waits until the workspace is trusted. */
  readonly needsTrust?: true;
  /** False for what makes sense only on an entry of a tree. */
  readonly palette?: false;
}

export const commands = {
  "layoutlab.newExperiment": { title: "New Experiment", icon: "new-file" },
  "layoutlab.runExperiment": { title: "Run Experiment", icon: "play", needsTrust: true },
  "layoutlab.resumeRun": { title: "Resume Run", icon: "debug-continue", needsTrust: true },
  "layoutlab.addLayouts": { title: "Add Layouts to Run", icon: "add", needsTrust: true },
  "layoutlab.measureNoise": { title: "Measure Noise", icon: "pulse", needsTrust: true },
  "layoutlab.stopRun": { title: "Stop Run", icon: "debug-stop" },
  "layoutlab.previewLayouts": { title: "Preview Layouts", icon: "open-preview" },
  "layoutlab.compareLayouts": { title: "Compare Layouts", icon: "diff" },
  "layoutlab.estimateCost": { title: "Estimate Cost", icon: "credit-card", needsTrust: true },
  "layoutlab.showProgress": { title: "Show Progress", icon: "pulse" },
  "layoutlab.showMetrics": { title: "Show Metrics", icon: "graph" },
  "layoutlab.compareRuns": { title: "Compare Runs", icon: "git-compare" },
  "layoutlab.exportResults": { title: "Export Results", icon: "export" },
  "layoutlab.clearCache": { title: "Clear Cache", icon: "clear-all" },
  "layoutlab.addApiKey": { title: "Add API Key", icon: "key" },
  "layoutlab.removeApiKey": { title: "Remove API Key" },
  "layoutlab.selectModels": { title: "Select Models", icon: "server", needsTrust: true },
  "layoutlab.openSimulator": { title: "Open Simulator", icon: "vm", needsTrust: true },
  "layoutlab.stopSimulator": { title: "Stop Simulator", icon: "debug-stop" },
  "layoutlab.startBatchServer": { title: "Start Local Batch Server", icon: "server-process", needsTrust: true },
  "layoutlab.stopBatchServer": { title: "Stop Local Batch Server", icon: "debug-stop" },
  "layoutlab.convertToBatch": { title: "Convert to Batch Requests", icon: "list-ordered", needsTrust: true },
  "layoutlab.runBatch": { title: "Run Batch", icon: "run-all", needsTrust: true },
  "layoutlab.fetchBatches": { title: "Fetch Batches", icon: "cloud-download", needsTrust: true },
  "layoutlab.cancelBatch": { title: "Cancel Batch", icon: "circle-slash", needsTrust: true },
  "layoutlab.showDoctor": { title: "Show Doctor", icon: "checklist", needsTrust: true },
  "layoutlab.openLog": { title: "Open Log", icon: "output" },
  "layoutlab.openExperiment": { title: "Open Experiment File", icon: "go-to-file", palette: false },
  "layoutlab.markBaseline": { title: "Mark as Baseline", icon: "milestone", palette: false },
  "layoutlab.deleteRun": { title: "Delete Run", icon: "trash", palette: false },
  "layoutlab.refreshExperiments": { title: "Refresh", icon: "refresh", palette: false },
  "layoutlab.inspectAnswer": { title: "Inspect Answer", icon: "eye", palette: false },
  "layoutlab.deleteCached": { title: "Delete Cached Answers", icon: "trash", palette: false },
  "layoutlab.moreAnswers": { title: "Load More", palette: false },
  "layoutlab.refreshCache": { title: "Refresh", icon: "refresh", palette: false },
  "layoutlab.refreshModels": { title: "Refresh", icon: "refresh", needsTrust: true, palette: false },
  "layoutlab.pauseModel": { title: "Pause Model", icon: "debug-pause", palette: false },
  "layoutlab.unpauseModel": { title: "Resume Model", icon: "debug-continue", palette: false },
  "layoutlab.retuneLimits": { title: "Change Limits", icon: "settings", palette: false },
  "layoutlab.resetCircuit": { title: "Reset Circuit", icon: "debug-restart", palette: false },
  "layoutlab.editPrices": { title: "Edit Prices", icon: "symbol-number" },
  "layoutlab.warmCache": { title: "Warm Cache", icon: "flame", needsTrust: true },
  "layoutlab.exportCache": { title: "Export Cache", icon: "export" },
  "layoutlab.importCache": { title: "Import Cache", icon: "desktop-download" },
} as const satisfies Readonly<Record<string, CommandContribution>>;

export type CommandId = keyof typeof commands;

export const category = "Layout Lab";

interface SettingContribution<Value> {
  readonly default: Value;
  /** Ignored in a folder that is not trusted: a folder's own value could send prompts or keys elsewhere. */
  readonly restricted?: true;
}

type Prices = Readonly<
  Record<string, { readonly prompt: number; readonly cached?: number; readonly completion: number }>
>;

const setting = <Value>(value: Value, more: { readonly restricted?: true } = {}): SettingContribution<Value> => ({
  default: value,
  ...more,
});

export const settings = {
  /** Path of the store; empty is `.layoutlab/store.db` in the workspace. */
  "layoutlab.store.path": setting("", { restricted: true }),
  /** Size limit of the answer cache, in megabytes. */
  "layoutlab.cache.maxSize": setting(512),
  /** US dollars per million tokens by model id, over the built-in table. */
  "layoutlab.prices": setting<Prices>({}),
  /** Calls in flight at once; null leaves it to the experiment. */
  "layoutlab.run.concurrency": setting<number | null>(null),
  /** Estimated US dollars above which a run asks first; null never asks. */
  "layoutlab.run.confirmCost": setting<number | null>(1),
  /** Empty follows OPENAI_BASE_URL. */
  "layoutlab.openai.baseUrl": setting("", { restricted: true }),
  /** Empty follows OLLAMA_HOST. */
  "layoutlab.ollama.host": setting("", { restricted: true }),
  /** Calls that a start or a resumption of a run may make to the editor's own models. */
  "layoutlab.editorModels.maxCalls": setting(200),
  /** Milliseconds without a keystroke before the preview follows. */
  "layoutlab.preview.delay": setting(0),
  "layoutlab.preview.scrollPreviewWithEditor": setting(true),
  "layoutlab.preview.scrollEditorWithPreview": setting(true),
  /** Share of failed or unreadable requests of a model. Null is off. */
  "layoutlab.alerts.failures": setting<number | null>(0.1),
  /** Share of a budget or a provider's long window. Null is off. */
  "layoutlab.alerts.quota": setting<number | null>(0.9),
  /** Share of the cache's size limit. Null is off. */
  "layoutlab.alerts.cache": setting<number | null>(0.8),
  /** Drop below the baseline's accuracy. Null is off. */
  "layoutlab.alerts.accuracy": setting<number | null>(0.05),
  /** Times the average of earlier runs. Null is off. */
  "layoutlab.alerts.duration": setting<number | null>(2),
} as const;

export type SettingId = keyof typeof settings;
export type SettingValue<Id extends SettingId> = (typeof settings)[Id]["default"];

export const contextKeys = {
  /** A run is going in this window. */
  running: "layoutlab.running",
  /** The simulator is up. */
  simulating: "layoutlab.simulating",
  /** The batch server is up. */
  serving: "layoutlab.serving",
} as const;

export const views = {
  experiments: "layoutlab.experiments",
  cache: "layoutlab.cache",
  models: "layoutlab.models",
} as const;

export const panelTypes = {
  preview: "layoutlab.preview",
  run: "layoutlab.run",
  results: "layoutlab.results",
} as const;

export const viewContainer = "layoutlab";
