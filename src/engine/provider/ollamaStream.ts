/**
 * The same response, whose body fails at the first line that is not JSON. The SDK would print such a line and go on, and an
 * answer with a hole in it would pass for whole.
 */
export function wholeLines(response: Response): Response {
  const decoder = new TextDecoder();
  let rest = "";
  const checked = response.body?.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        rest += decoder.decode(chunk, { stream: true });
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line.trim() !== "") JSON.parse(line);
        controller.enqueue(chunk);
      },
      flush() {
        rest += decoder.decode();
        if (rest.trim() !== "") JSON.parse(rest);
      },
    }),
  );
  return new Response(checked ?? null, { status: response.status, headers: response.headers });
}
