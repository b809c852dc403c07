import type { WaitReason } from "../engine/queue/queue.ts";
import { duration } from "./words.ts";

/** Why a model's work waits, in a few words. */
export function reasonText(reason: WaitReason): string {
  switch (reason.kind) {
    case "requests":
      return `request limit, free in ${duration(reason.freeInMs)}`;
    case "tokens":
      return `token limit, free in ${duration(reason.freeInMs)}`;
    case "concurrency":
      return `all ${reason.inFlight} slots taken`;
    case "retryAfter":
      return `the server asked to wait ${duration(reason.freeInMs)}`;
    case "backoff":
      return `tries again in ${duration(reason.freeInMs)}`;
    case "circuitOpen":
      return `rests for ${duration(reason.freeInMs)} after failures`;
    case "paused":
      return "paused";
    case "otherModelLoaded":
      return `${reason.model} is loaded`;
  }
}
