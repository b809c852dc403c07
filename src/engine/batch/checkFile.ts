import { linesOf } from "../../base/node/lines.ts";
import { answerId, isProblem, type LineProblem, readRequest } from "./lines.ts";

export interface CheckedFile {
  /** Requests in the file. */
  readonly requests: number;
  /** The first of them, in the order of their lines. */
  readonly problems: readonly LineProblem[];
  readonly problemCount: number;
  /** Names of the models that are asked for, with the first line of each. */
  readonly models: ReadonlyMap<string, number>;
  /** Answers on record, by `custom_id`, whose request is another one now. */
  readonly changed: readonly string[];
}

export interface CheckOptions {
  readonly endpoint: string;
  readonly maxRequests?: number;
  /** Names of the answers there are, by `custom_id`; see `answerId`. */
  readonly answered?: ReadonlyMap<string, string>;
  readonly seed?: string;
  readonly signal?: AbortSignal;
}

/** OpenAI lists as many, and nobody reads more. */
const toldProblems = 50;

/** Reads a whole input file before anything of it is sent; what is wrong with it is an answer, not an exception. */
export async function checkFile(file: string, options: CheckOptions): Promise<CheckedFile> {
  const { endpoint, answered, seed = "" } = options;
  const ids = new Set<string>();
  const models = new Map<string, number>();
  const problems: LineProblem[] = [];
  const changed: string[] = [];
  let problemCount = 0;
  let requests = 0;
  const tell = (problem: LineProblem) => {
    problemCount += 1;
    if (problems.length < toldProblems) problems.push(problem);
  };
  for await (const { text, number } of linesOf(file)) {
    options.signal?.throwIfAborted();
    if (text.trim() === "") continue;
    requests += 1;
    if (options.maxRequests !== undefined && requests > options.maxRequests) {
      tell({
        code: "too_many_tasks",
        message: `The batch input file contains too many requests. The limit is ${options.maxRequests}.`,
        param: null,
        line: number,
      });
      break;
    }
    const read = readRequest(text, number, endpoint);
    if (isProblem(read)) {
      tell(read);
      continue;
    }
    if (ids.has(read.customId)) {
      const message = `The custom_id '${read.customId}' has already been used in this file. Each request must have a unique custom_id.`;
      tell({ code: "duplicate_custom_id", message, param: "custom_id", line: number });
      continue;
    }
    ids.add(read.customId);
    const model = String(read.body["model"]);
    if (!models.has(model)) models.set(model, number);
    const known = answered?.get(read.customId);
    if (known !== undefined && known !== answerId(seed, text)) changed.push(read.customId);
  }
  if (requests === 0)
    tell({ code: "empty_file", message: "The batch input file contains no requests.", param: null, line: null });
  return { requests, problems, problemCount, models, changed };
}
