// A stream of bytes as the JSON values on its lines. How long it may be is the wire's business.

/** Throws on a line that is no JSON. Blank lines are nothing. */
export async function* readJsonLines(
  body: ReadableStream<Uint8Array> | null,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body ?? []) {
    const lines = decoder.decode(bytes, { stream: true }).split("\n");
    // Only the first piece can end the line that is open, so a long line is joined once per piece and not searched again.
    for (const [place, line] of lines.entries()) {
      rest += line;
      if (place === lines.length - 1) break;
      if (rest.trim() !== "") yield JSON.parse(rest);
      rest = "";
    }
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield JSON.parse(rest);
}
