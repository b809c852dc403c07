import type { Channel } from "../../base/channel.ts";
import type { EditorModels } from "../provider/editorModels.ts";
import type { EngineSide, FaceSide } from "./protocol.ts";

/** The editor's models as the engine's thread reaches them. */
export function editorModelsOver(channel: Channel<EngineSide, FaceSide>): EditorModels {
  let asked = 0;
  const listeners = new Map<number, (more: string) => void>();
  channel.on("editorText", ({ ask, more }) => listeners.get(ask)?.(more));
  return {
    list: () => channel.request("editorModels", {}),
    async ask(question, signal, onText) {
      const ask = ++asked;
      // It fails only where the channel has closed, and then the question has failed with it.
      const cancel = () => void channel.request("cancelEditor", { ask }).catch(() => {});
      if (onText !== undefined) listeners.set(ask, onText);
      signal.addEventListener("abort", cancel, { once: true });
      try {
        return await channel.request("askEditor", { ask, question, stream: onText !== undefined });
      } finally {
        signal.removeEventListener("abort", cancel);
        listeners.delete(ask);
      }
    },
  };
}
