// The fetch that provider libraries are given: no redirect is followed, and an answer ends at the size limit.

export const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

export class AnswerTooLong extends Error {}
export class Redirected extends Error {}

/** A redirect would carry the key to another host; a provider that answers with one is misconfigured. */
export const guardedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, { ...init, redirect: "manual" });
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    throw new Redirected(
      `The provider answered with a redirect (${response.status}); set the address it points to instead.`,
    );
  }
  if (response.body === null) return response;
  return new Response(response.body.pipeThrough(byteLimit()), {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
};

function byteLimit(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      bytes += chunk.byteLength;
      if (bytes > ANSWER_BYTES_MAX)
        controller.error(new AnswerTooLong(`The answer is longer than ${ANSWER_BYTES_MAX} bytes.`));
      else controller.enqueue(chunk);
    },
  });
}
