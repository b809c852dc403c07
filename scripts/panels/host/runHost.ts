export function openRunHost(): undefined {
  return undefined;
}
