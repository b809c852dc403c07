import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { splitModelId } from "../../../src/engine/provider/provider.ts";
import { createProviders, keysFromEnv } from "../../../src/engine/provider/registry.ts";
import { scriptedProvider } from "../../../src/engine/provider/scripted.ts";

const deps = { env: {}, clock: systemClock, keys: async () => undefined, directory: "." };

describe("the registry of providers", () => {
  it("opens each of the engine's providers by name, once", async () => {
    const providers = createProviders(deps);
    expect(providers.names()).toEqual(["builtin", "ollama", "openai", "replay"]);
    for (const name of providers.names()) {
      const provider = await providers.open(name);
      expect(provider.name).toBe(name);
      expect(await providers.open(name)).toBe(provider);
    }
    await providers.close();
  });

  it("takes model ids in both forms", async () => {
    const providers = createProviders(deps);
    expect((await providers.openModel("ollama:gemma3:12b")).model).toBe("gemma3:12b");
    expect((await providers.openModel("openai/gpt-4.1-mini")).model).toBe("gpt-4.1-mini");
    expect(splitModelId("vscode:copilot/gpt-4.1")).toEqual({ provider: "vscode", model: "copilot/gpt-4.1" });
    await providers.close();
  });

  it("says which provider may have been meant", async () => {
    const providers = createProviders(deps);
    await expect(providers.openModel("opnai:gpt")).rejects.toMatchObject({
      code: "unknown-provider",
      line: 'there is no provider "opnai": did you mean openai? use one of builtin, ollama, openai, replay',
    });
    await expect(providers.openModel("gpt")).rejects.toMatchObject({ code: "bad-model-id" });
    await expect(providers.openModel("openai:")).rejects.toMatchObject({ code: "bad-model-id" });
  });

  it("lets a host add a provider of its own and take it away", async () => {
    const providers = createProviders(deps);
    const own = scriptedProvider({ name: "vscode", script: () => "x" });
    const registration = providers.register("vscode", async () => own);
    expect((await providers.openModel("vscode:copilot/gpt-4.1")).provider).toBe(own);
    registration.dispose();
    await expect(providers.open("vscode")).rejects.toMatchObject({ code: "editor-only" });
  });

  it("tries again to open what failed to open", async () => {
    let tries = 0;
    const providers = createProviders(deps, {
      shy: async () => {
        if (++tries === 1) throw new Error("not yet");
        return scriptedProvider({ name: "shy", script: () => "x" });
      },
    });
    await expect(providers.open("shy")).rejects.toThrow("not yet");
    expect((await providers.open("shy")).name).toBe("shy");
  });

  it("closes what it opened and nothing else", async () => {
    const closed: string[] = [];
    const make = (name: string) => async () => ({
      ...scriptedProvider({ name, script: () => "x" }),
      close: async () => void closed.push(name),
    });
    const providers = createProviders(deps, { a: make("a"), b: make("b") });
    await providers.open("a");
    await providers.close();
    expect(closed).toEqual(["a"]);
  });

  it("finds keys in the environment", async () => {
    const keys = keysFromEnv({ OPENAI_API_KEY: "k", OLLAMA_API_KEY: "" });
    expect(await keys("openai")).toBe("k");
    expect(await keys("ollama")).toBeUndefined();
  });
});
