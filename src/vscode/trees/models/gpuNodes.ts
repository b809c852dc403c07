import * as vscode from "vscode";
import type { GpuReport } from "../../../engine/gpu/gpu.ts";
import { loadedText, memoryText } from "../../../engine/gpu/words.ts";
import { percent } from "../../words.ts";

/** A graphics card, or a model that Ollama holds in memory. */
export interface GpuNode {
  readonly kind: "gpu";
  readonly id: string;
  readonly label: string;
  readonly text: string;
  readonly icon: string;
  /** Above this share of its memory a card is nearly full. */
  readonly full: boolean;
}

const nearlyFull = 0.875;

export function gpuNodes(report: GpuReport): readonly GpuNode[] {
  return [
    ...report.devices.map(({ id, name, usedBytes, totalBytes, utilisation, note }): GpuNode => {
      const busy = utilisation === undefined ? "" : ` · ${percent(utilisation)} busy`;
      return {
        kind: "gpu",
        id,
        label: name,
        text: `${memoryText(usedBytes, totalBytes)}${busy}${note === undefined ? "" : ` · ${note}`}`,
        icon: "circuit-board",
        full: usedBytes !== undefined && totalBytes !== undefined && usedBytes > nearlyFull * totalBytes,
      };
    }),
    ...(report.models ?? []).map(
      (model): GpuNode => ({
        kind: "gpu",
        id: `loaded ${model.name}`,
        label: `ollama:${model.name}`,
        text: `${loadedText(model)}, in memory`,
        icon: "database",
        full: false,
      }),
    ),
  ];
}

export function gpuItem(node: GpuNode): vscode.TreeItem {
  const item = new vscode.TreeItem(node.label);
  item.id = `gpu ${node.id}`;
  item.description = node.text;
  item.iconPath = new vscode.ThemeIcon(
    node.icon,
    node.full ? new vscode.ThemeColor("list.warningForeground") : undefined,
  );
  item.tooltip = node.full
    ? `${node.label}: ${node.text}. Nearly full: contexts shrink when it stays so.`
    : `${node.label}: ${node.text}`;
  item.contextValue = "gpu";
  return item;
}
