import { messageOf } from "../../base/errors.ts";
import { type Calibration, createCalibration } from "../context/calibration.ts";
import type { ContextAction, ContextManager, Sent } from "../context/contextManager.ts";
import { fullest } from "../gpu/fit.ts";
import type { GpuReport } from "../gpu/gpu.ts";
import { loadedText } from "../gpu/words.ts";
import type { ModelRequest } from "../provider/provider.ts";
import type { SentReply } from "../queue/queue.ts";
import { AnsweredRows } from "./answeredRows.ts";
import type { RunModel } from "./record.ts";
import { type TrialPlan, trialsOf } from "./trialPlan.ts";

/** What a context's manager must know of a request; a `generation` only where it was planned for one. */
type Asked = Pick<TrialPlan, "promptTokens" | "generation">;

/** What became of a context, for the run's log and notes. */
export interface ContextChange {
  readonly model: string;
  readonly what: string;
  readonly reason: string;
}

/**
 * The contexts of a run's local models: each request is given its model's context when it leaves, each reply and each reading of
 * the cards is told to the model's manager, and what the manager wants is done. Models without one pass untouched.
 */
export class RunContexts {
  readonly calibration: Calibration = createCalibration();
  readonly #managers: ReadonlyMap<string, ContextManager>;
  readonly #warningBytes: number;
  readonly #rows = new AnsweredRows();
  readonly #full = new Set<string>();
  readonly #spilled = new Set<string>();
  readonly #unloading = new Map<string, Promise<void>>();
  #onChange: (change: ContextChange) => void = () => {};

  constructor(managers: ReadonlyMap<string, ContextManager>, warningBytes: number) {
    this.#managers = managers;
    this.#warningBytes = warningBytes;
  }

  get managers(): ReadonlyMap<string, ContextManager> {
    return this.#managers;
  }

  /** Tells the listener of everything that is done from now on. */
  listen(onChange: (change: ContextChange) => void): void {
    this.#onChange = onChange;
  }

  /** Grows whenever less of a prompt of this model fits than before. */
  generation(model: string): number {
    return this.#managers.get(model)?.generation ?? 0;
  }

  /** True while the model's card is above the warning line. */
  isFull(model: string): boolean {
    return this.#full.has(model);
  }

  /** Notes that a plan's rows have their answers. */
  answered(plan: TrialPlan): void {
    const { model } = plan.variant;
    if (plan.generation === undefined) return;
    for (const { position } of trialsOf(plan)) this.#rows.note(model, position, plan.generation);
  }

  /** Why a row that must be cut now is not asked any more: another layout was answered when more fitted. */
  cutSince(model: string, position: number): string | undefined {
    if (!this.#rows.hadMore(model, position, this.generation(model))) return undefined;
    return "the model's context shrank while this row was being asked, and the rest would be cut: the row counts for no layout";
  }

  /** Sends a request with the context of now, and sees to what its reply tells of memory. */
  async send(
    { id, provider, name, facts }: RunModel,
    plan: Asked,
    request: ModelRequest,
    send: (request: ModelRequest) => Promise<SentReply>,
  ): Promise<SentReply> {
    const manager = this.#managers.get(id);
    if (manager === undefined) {
      const reply = await send(request);
      if (!facts.replayed) this.#count(id, plan, reply);
      return reply;
    }
    // Others of its row are asked with less room by now: it must be planned anew.
    if (plan.generation !== undefined && plan.generation < manager.generation) {
      const message = "the model's context shrank since it was planned";
      return { outcome: { kind: "tooLong", message, limitTokens: manager.tokens }, cached: true };
    }
    // A model that is let go of is not asked meanwhile: it would be loaded with what it held.
    await this.#unloading.get(id);
    const sent = manager.begin();
    const reply = await send({ ...request, contextTokens: sent.contextTokens });
    this.#count(id, plan, reply);
    const action = this.#learn(manager, sent, plan, reply);
    if (action === undefined) return reply;
    if (action !== "stale") await this.#act(id, action, () => provider.unload?.(name));
    // What is too long is planned anew by who planned it; what found no memory is sent again as it is.
    return reply.outcome.kind === "unavailable" ? { ...reply, mended: true } : reply;
  }

  /** Told of every reading of the cards while the run goes on. */
  async seen(report: GpuReport, models: Iterable<RunModel>): Promise<void> {
    const card = fullest(report, this.#warningBytes);
    for (const { id, provider, name } of models) {
      const loaded = report.models?.find((one) => one.name === name || one.name === `${name}:latest`);
      if (loaded === undefined) continue;
      const { bytes, vramBytes } = loaded;
      if (bytes !== undefined && vramBytes !== undefined && vramBytes < 0.99 * bytes && !this.#spilled.has(id)) {
        this.#spilled.add(id);
        const reason = `it does not fit into graphics memory (${loadedText(loaded)}), and is slower for it`;
        this.#onChange({ model: id, what: "partly on the processor", reason });
      }
      const used = card?.usedBytes ?? vramBytes;
      const line = card?.lineBytes ?? this.#warningBytes;
      if (used !== undefined && used > line) this.#full.add(id);
      else this.#full.delete(id);
      const action = used === undefined ? undefined : this.#managers.get(id)?.memory(used, card?.lineBytes);
      if (action !== undefined) await this.#act(id, action, () => provider.unload?.(name));
    }
  }

  #learn(
    manager: ContextManager,
    sent: Sent,
    plan: Asked,
    { outcome }: SentReply,
  ): ContextAction | "stale" | undefined {
    if (outcome.kind === "answered") manager.answered(sent);
    if (outcome.kind === "tooLong") return manager.tooLong(sent, plan.promptTokens);
    if (outcome.kind === "unavailable" && outcome.reason === "outOfMemory") return manager.outOfMemory(sent);
    return undefined;
  }

  async #act(model: string, action: ContextAction, unload: () => Promise<void> | undefined): Promise<void> {
    const what =
      action.kind === "shrink"
        ? `context ${action.from} to ${action.to} tokens`
        : action.kind === "reload"
          ? "loaded anew"
          : "longer counts";
    this.#onChange({ model, what, reason: action.note });
    if (action.kind === "distrust") return;
    // A server that just lost its runner may refuse; the next request loads the model in any case.
    const unloading = Promise.resolve(unload()).catch((error: unknown) =>
      this.#onChange({
        model,
        what: "could not be unloaded",
        reason: `it could not be unloaded (${messageOf(error)})`,
      }),
    );
    this.#unloading.set(model, unloading);
    await unloading;
    if (this.#unloading.get(model) === unloading) this.#unloading.delete(model);
  }

  #count(model: string, plan: Asked, { outcome }: SentReply): void {
    const reported = outcome.kind === "answered" ? outcome.usage.promptTokens : undefined;
    if (reported !== undefined) this.calibration.learn(model, plan.promptTokens, reported);
  }
}
