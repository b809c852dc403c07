import type { Clock } from "../../base/clock.ts";
import type { Exec } from "../../base/node/exec.ts";
import type { AlertChoices } from "../analysis/alerts.ts";
import type { EngineEvents, EngineHost } from "../api.ts";
import type { GpuMonitor } from "../gpu/monitor.ts";
import type { PriceTable } from "../plan/prices.ts";
import type { Fetch } from "../provider/http.ts";
import type { ProviderFactory } from "../provider/registry.ts";
import type { AllowedTools } from "../runner/tools.ts";
import type { Store } from "../store/store.ts";

/** What the engine is made of, given once by the face that opens it. */
export interface EngineDeps {
  /** Path of the store, or `:memory:`. */
  readonly store: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly host: EngineHost;
  /** Version of the product, stored with every run. */
  readonly version: string;
  /** Folders whose files experiments may read beside their own; undefined lifts the confinement, as for a terminal. */
  readonly roots: readonly string[] | undefined;
  readonly fetch?: Fetch;
  /** Providers a face adds, such as the editor's own models. */
  readonly providers?: Readonly<Record<string, ProviderFactory>>;
  /** US dollars per million tokens by model id, over the built-in table. */
  readonly prices?: PriceTable;
  /** Tools that may run, by the names experiments offer them under. An experiment file alone never runs anything. */
  readonly tools?: AllowedTools;
  /** Runs the tools that tell of graphics cards; default: this machine's. */
  readonly exec?: Exec;
  /** From where on a run warns; over the defaults. */
  readonly alerts?: AlertChoices;
  /** Whether scripts that an experiment names may run; default true, as for a terminal, where running is trusting. */
  readonly trusted?: boolean;
  /** Size limit of the cache in bytes; default 512 MB. */
  readonly cacheBytes?: number;
}

/** What every service shares. */
export interface Services {
  readonly deps: EngineDeps;
  readonly store: Store;
  /** `host:pid:start`, unique to this process. */
  readonly owner: string;
  readonly gpus: GpuMonitor;
  emit<K extends keyof EngineEvents>(name: K, payload: EngineEvents[K]): void;
}
