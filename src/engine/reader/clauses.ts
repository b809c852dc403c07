/** A stretch of a text with one thought, and how much it sounds like what the writer wants. */
export interface Clause {
  readonly from: number;
  readonly to: number;
  /** Above 1 for asking and complaining, below 1 for what is settled, praised or merely told. */
  readonly salience: number;
}

const ends =
  /[.!?;\n]+(?=\s|$)|,? (?=(?:but|yet|however|though|although|while|only|except|what|all i|i only|if only)\b)/gi;
const asks =
  /\?|\bplease\b|\bpls\b|\b(want|need|would like|i'd like|could you|can you|can i|how do|how can|where|when will|help|tell me|is there a way)\b/i;
const complains =
  /\b(not|never|nothing|none|no longer|cannot|can't|cant|won't|wont|doesn't|doesnt|don't|didn't|isn't|hasn't|haven't|unable|still|again|keeps?|stuck|wrong|fail\w*|refus\w*|declin\w*|broken|missing|lost|forgot\w*|left|nor)\b/i;
const settled =
  /\b(fine|no problem|no trouble|no harm|not urgent|worked|works well|thank\w*|great|nice|lovely|love|loved|smooth\w*|happy|content|correct|sorted|settled|good|without (a hitch|trouble)|last (week|month|year|summer)|already|used to|in the past)\b/i;

/** Cuts a text where thoughts end; a contrast ("but", "yet") begins a new one, which counts for more. */
export function clausesOf(text: string): Clause[] {
  const clauses: Clause[] = [];
  let from = 0;
  const add = (to: number): void => {
    const clause = text.slice(from, to);
    if (clause.trim() === "") return;
    let salience = 1;
    if (asks.test(clause)) salience *= 1.7;
    if (complains.test(clause)) salience *= 1.6;
    if (/^\s*(but|yet|however|though|only|except|what|all i)\b/i.test(clause)) salience *= 1.3;
    if (settled.test(clause)) salience *= 0.45;
    clauses.push({ from, to, salience });
  };
  for (const match of text.matchAll(ends)) {
    const to = match.index + match[0].length;
    add(to);
    from = to;
  }
  add(text.length);
  return clauses;
}
