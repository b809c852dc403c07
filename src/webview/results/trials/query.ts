import type { TrialQuery } from "../../../engine/api.ts";
import type { TrialFilter } from "../../../engine/store/store.ts";
import type { TrialChoice } from "../state.ts";

/** More rows than a screen shows at once; the time to the first of them is mostly that of the message that carries them. */
export const pageSize = 60;

/** What the store is asked for, from what the controls say. */
export function queryOf(
  run: string,
  choice: TrialChoice,
  page: {
    readonly after?: string | undefined;
    readonly skip?: number;
    readonly positions?: readonly number[] | undefined;
  } = {},
): TrialQuery {
  const { after, skip = 0, positions } = page;
  const { variant, expected, prediction, search } = choice;
  const filter: TrialFilter = {
    run,
    ...(positions === undefined ? {} : { positions }),
    ...(variant >= 0 ? { variants: [variant] } : {}),
    ...outcomeOf(choice.outcome),
    ...(expected === "" ? {} : { expected }),
    ...(prediction === "" ? {} : { prediction }),
    ...(search === "" ? {} : { search }),
  };
  return {
    filter,
    sort: choice.sort,
    descending: choice.descending,
    limit: pageSize,
    ...(after === undefined ? {} : { after }),
    ...(skip === 0 ? {} : { skip }),
  };
}

function outcomeOf(outcome: TrialChoice["outcome"]): Pick<TrialFilter, "outcome" | "states"> {
  switch (outcome) {
    case "all":
      return {};
    case "right":
    case "wrong":
      return { outcome };
    case "unparsable":
      return { states: ["unparsable"] };
    case "failed":
      return { states: ["failed", "void"] };
  }
}
