import type { EditorHost } from "../../engine/api.ts";
import type { EditorModels } from "../../engine/provider/editorModels.ts";

/** Answers the engine's thread when it asks for the editor's models. Disposing gives up what is still asked. */
export function serveEditorModels(
  models: EditorModels,
  say: (text: { readonly ask: number; readonly more: string }) => void,
): { readonly handlers: Pick<EditorHost, "editorModels" | "askEditor" | "cancelEditor">; dispose(): void } {
  const going = new Map<number, AbortController>();
  return {
    handlers: {
      editorModels: () => models.list(),
      async askEditor({ ask, question, stream }) {
        const controller = new AbortController();
        going.set(ask, controller);
        try {
          return await models.ask(question, controller.signal, stream ? (more) => say({ ask, more }) : undefined);
        } finally {
          going.delete(ask);
        }
      },
      async cancelEditor({ ask }) {
        going.get(ask)?.abort();
      },
    },
    dispose() {
      for (const controller of going.values()) controller.abort();
    },
  };
}
