// Stands in for the engine's thread: answers what a test asks for, and crashes when it is told to.
import { parentPort, workerData } from "node:worker_threads";

let closed = false;
parentPort.on("message", ({ kind, id, name, params }) => {
  if (kind !== "request") return;
  const reply = (result) => parentPort.postMessage({ kind: "reply", id, result });
  switch (name) {
    case "doctor":
      reply({ store: workerData.store, closed });
      break;
    case "stop":
      throw new Error("the worker fell over");
    case "start":
      parentPort.postMessage({ kind: "event", name: "run", payload: { kind: "started", view: { run: "r1" } } });
      reply({ run: "r1" });
      break;
    case "deleteRun":
      parentPort.postMessage({ kind: "event", name: "run", payload: { kind: "ended", view: { run: params.run } } });
      reply(undefined);
      break;
    case "close":
      closed = true;
      reply(undefined);
      break;
    case "runs":
      // Never answered.
      break;
  }
});
