/** Stands where the editor would: gives the page its API and answers its requests with made-up data. */
import { openEngineHost } from "./engineHost.ts";
import { openPreviewHost } from "./previewHost.ts";
import { openResultsHost } from "./resultsHost.ts";
import { openRunHost } from "./runHost.ts";
import { type PanelWire, wire } from "./wire.ts";

const scene = new URLSearchParams(location.search).get("scene") ?? "full";
const hosts: Readonly<Record<string, (ends: PanelWire, scene: string) => unknown>> = {
  preview: openPreviewHost,
  run: openRunHost,
  results: (wire, scene) => (scene === "engine" ? openEngineHost(wire) : openResultsHost(wire, scene)),
};
const ends = wire();
Object.assign(window, {
  acquireVsCodeApi: () => ends.api,
  host: hosts[document.body.dataset["panel"] ?? ""]?.(ends, scene),
});
