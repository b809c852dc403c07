/** What the tests of several processes run beside them: `node child.ts COMMAND FILE …`. Says what it did on stdout. */
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../../src/base/clock.ts";
import { UserError } from "../../../src/base/errors.ts";
import { openStore } from "../../../src/engine/store/openStore.ts";
import { aCompletion, anExample, aRequest, aRun, aTrial } from "../../support/contracts/storeRows.ts";

const [command, file = "", ...rest] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const owner = `host:${process.pid}:1`;

switch (command) {
  /** Stores one trial after another, a few at a time, and names each once it is acknowledged. */
  case "write": {
    const store = await openStore(file, { clock: systemClock });
    const id = `run-${rest[0]}`;
    await store.runs.create(aRun({ id }));
    const worker = async (lane: number) => {
      for (let n = lane; ; n += 4) {
        if (n % 3 === 0) {
          await store.requests.record(aRequest(n, { run: id }), aCompletion(), [aTrial(n, { run: id })]);
        } else {
          const [request = 0] = await store.requests.enqueue([aRequest(n, { run: id })]);
          await store.requests.claim([request], owner, 60_000);
          await store.requests.complete(request, aCompletion(), {
            trials: [aTrial(n, { run: id })],
            cache: { key: `${id}/${n}`, model: "m", experiment: "x", answer: `"${n}"` },
          });
        }
        say(String(n));
      }
    };
    await Promise.all([0, 1, 2, 3].map(worker));
    break;
  }
  /** Takes and ends requests until there are none, recovering those of dead owners; names each when it takes it. */
  case "claim": {
    const store = await openStore(file, { clock: systemClock, busyTimeoutMs: 20_000 });
    const isDead = (other: string) => {
      try {
        process.kill(Number(other.split(":")[1]), 0);
        return false;
      } catch {
        return true;
      }
    };
    say("ready");
    while ((await store.state.get("start", "now")) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 5));
    for (;;) {
      const taken = await store.requests.claimNext({ owner, leaseMs: 60_000, limit: 16 });
      if (taken.length === 0) {
        if ((await store.requests.recoverStale(isDead)) > 0) continue;
        if ((await store.requests.stats()).byStatus.processing === 0) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      say(taken.map(({ id }) => id).join(" "));
      await Promise.all(
        taken.map(({ id, prompt }) => store.requests.complete(id, aCompletion({ rawResponse: owner + prompt.length }))),
      );
    }
    await store.close();
    break;
  }
  /** Holds the write lock for some time. */
  case "lock": {
    const database = new DatabaseSync(file);
    database.exec("BEGIN IMMEDIATE");
    say("locked");
    setTimeout(() => {
      database.exec("COMMIT");
      database.close();
    }, Number(rest[0]));
    break;
  }
  /** Opens a file that others open at the same moment. */
  case "open": {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(rest[0]) - Date.now())));
    const store = await openStore(file, { clock: systemClock });
    await store.runs.putExamples("shared", [anExample(1)]);
    await store.state.set("opened", String(process.pid), "yes");
    await store.close();
    say("opened");
    break;
  }
  /** Opens a file as somebody who may not write it. */
  case "openAsNobody": {
    if (process.getuid?.() === 0) process.seteuid?.(65534);
    try {
      const store = await openStore(file, { clock: systemClock });
      await store.state.set("a", "b", "c");
      say("written");
    } catch (error) {
      say(error instanceof UserError ? `${error.code} ${error.line}` : `unexpected ${error}`);
    }
    break;
  }
}
