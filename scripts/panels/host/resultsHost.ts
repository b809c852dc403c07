export function openResultsHost(): undefined {
  return undefined;
}
