/** Remembers a pure function of a text for the texts seen lately: the fixed parts of prompts come again and again. */
export function memo<T>(size: number, make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const hit = known.get(text);
    if (hit !== undefined) return hit;
    const made = make(text);
    if (known.size >= size) known.delete(known.keys().next().value ?? "");
    known.set(text, made);
    return made;
  };
}
