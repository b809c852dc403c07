/**
 * Sends the newest wish only: while one is under way, later ones replace each other and the last is sent when it ends. So
 * answers never arrive out of order, and holding down a key does not build a queue.
 */
export function newestOnly<Wish, Answer>(options: {
  readonly send: (wish: Wish) => Promise<Answer>;
  readonly take: (answer: Answer) => void;
  readonly fail: (error: unknown) => void;
}): (wish: Wish) => void {
  let underWay = false;
  let next: { readonly wish: Wish } | undefined;
  const go = async (wish: Wish): Promise<void> => {
    underWay = true;
    try {
      const answer = await options.send(wish);
      // Something newer was asked for meanwhile: this answer is of no interest any more.
      if (next === undefined) options.take(answer);
    } catch (error) {
      if (next === undefined) options.fail(error);
    }
    underWay = false;
    const waiting = next;
    next = undefined;
    if (waiting !== undefined) void go(waiting.wish);
  };
  return (wish) => {
    if (underWay) next = { wish };
    else void go(wish);
  };
}
