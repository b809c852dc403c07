export interface Place {
  /** The title of a webview; without it the call concerns the workbench around them. */
  readonly webview?: string | undefined;
  /** What to look for there, as Playwright's selectors say it. */
  readonly selector: string;
}

/** One call that a test, which runs inside the extension host, asks of the browser that shows the workbench. */
export type ControlCall =
  | { readonly on: "element"; readonly place: Place; readonly method: string; readonly args: readonly unknown[] }
  | { readonly on: "page" | "keyboard" | "mouse"; readonly method: string; readonly args: readonly unknown[] }
  | { readonly on: "evaluate"; readonly place: Place; readonly task: string; readonly argument?: unknown }
  | { readonly on: "axe"; readonly place: Place }
  | { readonly on: "terminal"; readonly text: string };

/** The environment variable that tells the extension host where to send its calls: a Unix socket that speaks HTTP. */
export const controlVariable = "LAYOUTLAB_LAUNCHER_CTL";
