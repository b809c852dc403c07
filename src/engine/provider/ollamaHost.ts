const defaultPort = "11434";

/**
 * The server's URL without a path to an API, from what people write into `OLLAMA_HOST` (a bind address, often without scheme
 * or port) or `OLLAMA_BASE_URL` (with or without `/v1`). The first wins.
 */
export function ollamaUrl(env: Readonly<Record<string, string | undefined>>): string {
  const written = (env["OLLAMA_HOST"] || env["OLLAMA_BASE_URL"] || "").trim();
  const hasScheme = /^https?:\/\//i.test(written);
  // Bare IPv6 addresses are legal bind addresses and need brackets in a URL.
  const bare = /^[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*$/i.test(written) ? `[${written}]` : written;
  const text = hasScheme ? written : `http://${bare.startsWith(":") || bare === "" ? `127.0.0.1${bare}` : bare}`;
  if (!URL.canParse(text)) return `http://127.0.0.1:${defaultPort}`;
  const url = new URL(text);
  // A server may listen on every address; a client has to name one.
  const hostname = url.hostname === "0.0.0.0" ? "127.0.0.1" : url.hostname === "[::]" ? "[::1]" : url.hostname;
  const port = url.port || (hasScheme ? "" : defaultPort);
  const path = url.pathname.replace(/\/+$/, "").replace(/\/(?:v1|api)$/, "");
  const credentials = url.username === "" ? "" : `${url.username}${url.password === "" ? "" : `:${url.password}`}@`;
  return `${url.protocol}//${credentials}${hostname}${port === "" ? "" : `:${port}`}${path}`;
}
