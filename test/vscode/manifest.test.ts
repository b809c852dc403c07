import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  category,
  commands,
  contextKeys,
  panelTypes,
  settings,
  viewContainer,
  views,
} from "../../src/vscode/contributions.ts";
import { keyProviders } from "../../src/vscode/secrets.ts";

const root = path.join(import.meta.dirname, "../..");
const read = (file: string) => JSON.parse(readFileSync(path.join(root, file), "utf8"));
const manifest = read("package.json");
const words: Record<string, string> = read("package.nls.json");
const { contributes } = manifest;

/** The text behind `%key%`. */
function said(text: string): string {
  const key = /^%(.*)%$/.exec(text)?.[1];
  if (key === undefined) throw new Error(`"${text}" is not in package.nls.json`);
  const found = words[key];
  if (found === undefined) throw new Error(`package.nls.json lacks ${key}`);
  return found;
}

interface MenuEntry {
  readonly command: string;
  readonly when?: string;
}

const menus: Readonly<Record<string, readonly MenuEntry[]>> = contributes.menus;

describe("package.json", () => {
  it("contributes the commands of the table, word for word", () => {
    const shown = contributes.commands.map((each: Record<string, string>) => ({
      id: each["command"],
      title: said(each["title"] ?? ""),
      category: said(each["category"] ?? ""),
      icon: each["icon"],
      enablement: each["enablement"],
    }));
    const wanted = Object.entries(commands).map(([id, command]) => ({
      id,
      title: command.title,
      category,
      icon: "icon" in command ? `$(${command.icon})` : undefined,
      enablement: "needsTrust" in command ? "isWorkspaceTrusted" : undefined,
    }));
    expect(shown).toEqual(wanted);
  });

  it("hides from the palette what makes sense only in a tree", () => {
    const hidden = menus["commandPalette"]?.filter((each) => each.when === "false").map((each) => each.command);
    const wanted = Object.entries(commands)
      .filter(([, command]) => "palette" in command)
      .map(([id]) => id);
    expect(hidden).toEqual(wanted);
  });

  it("names only commands, views and context keys that exist", () => {
    for (const [menu, entries] of Object.entries(menus)) {
      for (const { command, when = "" } of entries) {
        expect(Object.keys(commands), menu).toContain(command);
        for (const view of when.matchAll(/view == (\S+)/g)) expect(Object.values(views)).toContain(view[1]);
        for (const key of when.matchAll(/(?<!== )\blayoutlab\.\w+/g))
          expect(Object.values(contextKeys)).toContain(key[0]);
      }
    }
    for (const { command } of contributes.keybindings) expect(Object.keys(commands)).toContain(command);
  });

  it("leads from its texts only to commands that exist", () => {
    const own = Object.values(words).flatMap((text) =>
      [...text.matchAll(/command:(layoutlab\.\w+)/g)].map((m) => m[1]),
    );
    expect(own.length).toBeGreaterThan(5);
    for (const id of own) expect(Object.keys(commands)).toContain(id);
  });

  it("says every text it refers to, and no other", () => {
    const used = [...JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/g)].map((match) => match[1]);
    expect(new Set(used)).toEqual(new Set(Object.keys(words)));
  });

  it("declares the settings with the defaults the code uses", () => {
    const declared: Record<string, { readonly default: unknown; readonly markdownDescription: string }> =
      contributes.configuration.properties;
    expect(Object.fromEntries(Object.entries(declared).map(([id, each]) => [id, each.default]))).toEqual(
      Object.fromEntries(Object.entries(settings).map(([id, each]) => [id, each.default])),
    );
    for (const each of Object.values(declared)) expect(said(each.markdownDescription)).not.toBe("");
  });

  it("ignores in an untrusted folder what could send a prompt or a key elsewhere", () => {
    const { untrustedWorkspaces } = manifest.capabilities;
    expect(untrustedWorkspaces.supported).toBe("limited");
    const restricted = Object.entries(settings)
      .filter(([, each]) => "restricted" in each)
      .map(([id]) => id);
    expect(untrustedWorkspaces.restrictedConfigurations).toEqual(restricted);
    expect(restricted.filter((id) => /url|host/i.test(id))).toHaveLength(2);
  });

  it("has the views, and comes back for every panel", () => {
    expect(contributes.views[viewContainer].map((view: { readonly id: string }) => view.id)).toEqual(
      Object.values(views),
    );
    for (const type of Object.values(panelTypes)) expect(manifest.activationEvents).toContain(`onWebviewPanel:${type}`);
  });

  it("does not load at every start", () => {
    expect(manifest.activationEvents).not.toContain("*");
    expect(manifest.activationEvents).not.toContain("onStartupFinished");
  });

  it("shows pictures that are there, and an icon that is small", () => {
    for (const step of contributes.walkthroughs[0].steps)
      expect(existsSync(path.join(root, step.media.svg))).toBe(true);
    for (const view of contributes.views[viewContainer]) expect(existsSync(path.join(root, view.icon))).toBe(true);
    expect(statSync(path.join(root, manifest.icon)).size).toBeLessThan(30 * 1024);
  });

  it("keeps keys out of the settings", () => {
    for (const id of Object.keys(contributes.configuration.properties)) expect(id).not.toMatch(/key|token|secret/i);
    expect(Object.keys(keyProviders)).toEqual(["openai", "ollama"]);
  });
});
