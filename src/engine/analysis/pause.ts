/** Lets others have a turn between two pieces of long work: the thread also serves the lists that a reader scrolls. */
export type Pause = () => Promise<void>;

export const noPause: Pause = async () => {};

/** Some 50 ms of work on a large run, in rows. */
export const rowsPerTurn = 4000;
