import type { PreviewHost, PreviewView } from "../../protocol/previewPanel.ts";
import { adoptStyles } from "../shared/adopt.ts";
import { define } from "../shared/panelElement.ts";
import { openSurface } from "../shared/port.ts";
import { baseStyles } from "../shared/styles/base.ts";
import { controlStyles } from "../shared/styles/controls.ts";
import { messageStyles } from "../shared/styles/messages.ts";
import { partStyles } from "../shared/styles/parts.ts";
import { tableStyles } from "../shared/styles/tables.ts";
import { firstState, PreviewPanel, type PreviewState } from "./previewPanel.ts";
import { previewStyles } from "./styles.ts";

adoptStyles([baseStyles, controlStyles, tableStyles, partStyles, messageStyles, previewStyles]);
define("preview-panel", PreviewPanel);
const surface = openSurface<PreviewView, PreviewHost, PreviewState>({}, firstState);
document.querySelector("#root")?.append(new PreviewPanel(surface));
