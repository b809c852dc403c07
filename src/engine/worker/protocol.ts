import type { Side } from "../../base/channel.ts";
import type { AlertChoices } from "../analysis/alerts.ts";
import type { EditorHost, EngineApi, EngineEvents } from "../api.ts";
import type { PriceTable } from "../plan/prices.ts";

/** What a thread needs to open the engine: the plain part of `EngineDeps`, handed over as `workerData`. */
export interface WorkerSettings {
  readonly store: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly roots: readonly string[];
  readonly prices: PriceTable;
  readonly cacheBytes: number;
  /** Whether the workspace is trusted, so that scripts of its experiments may run. */
  readonly trusted: boolean;
  /** Calls a run may make to the editor's own models. */
  readonly editorCalls: number;
  readonly alerts: AlertChoices;
}

type RequestsOf<Api> = {
  readonly [K in keyof Api]: Api[K] extends (params: infer Params) => Promise<infer Result>
    ? { readonly params: Params; readonly result: Result }
    : never;
};

/** The engine's end: `EngineApi` word for word, and a way to let go before the thread ends. */
export interface EngineSide extends Side {
  readonly requests: RequestsOf<EngineApi> & { readonly close: { readonly params: undefined; readonly result: void } };
  readonly events: { readonly [K in keyof EngineEvents]: EngineEvents[K] };
}

/** The face's end. */
export interface FaceSide extends Side {
  readonly requests: RequestsOf<EditorHost>;
  readonly events: { readonly editorText: { readonly ask: number; readonly more: string } };
}
