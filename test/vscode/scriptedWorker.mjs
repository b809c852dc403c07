// Stands in for the engine's thread: answers what a test asks for, and crashes when it is told to.
import { parentPort, workerData } from "node:worker_threads";

const asked = [];
const log = (message) =>
  parentPort.postMessage({
    kind: "event",
    name: "log",
    payload: { level: "info", message: `${message} ${workerData.store}` },
  });
parentPort.on("message", ({ kind, id, name, params }) => {
  if (kind !== "request") return;
  asked.push(name);
  const reply = (result) => parentPort.postMessage({ kind: "reply", id, result });
  switch (name) {
    case "doctor":
      reply({ store: workerData.store, asked: [...asked] });
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
    case "simulator":
      setTimeout(() => reply({ url: "http://127.0.0.1:1" }), 30);
      break;
    case "close":
      log("closing");
      // Storing what is going takes its time.
      setTimeout(() => {
        log("closed");
        reply(undefined);
      }, 30);
      break;
    case "runs":
      // Never answered.
      break;
  }
});
