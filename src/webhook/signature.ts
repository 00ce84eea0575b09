// Whether the forge signed these bytes: HMAC-SHA256 over the body as it came, never over JSON that was written again.
import { createHmac, timingSafeEqual } from "node:crypto";

export type Signature =
  | { readonly kind: "missing" }
  | { readonly kind: "malformed" }
  | { readonly kind: "hex"; readonly bytes: Buffer };

/** The pattern is not optional: reading hexadecimal digits silently drops whatever follows them. */
const HEX = /^[0-9a-f]{64}$/;

/** Of all headers of that name: two are malformed, whatever is in them. A hook without a secret sends an empty one. */
export function readSignature(values: readonly string[] = []): Signature {
  if (values.every((value) => value.trim() === "")) return { kind: "missing" };
  const [value = ""] = values;
  if (values.length !== 1 || !HEX.test(value)) return { kind: "malformed" };
  return { kind: "hex", bytes: Buffer.from(value, "hex") };
}

export const sign = (secret: string, body: Buffer): Buffer =>
  createHmac("sha256", secret).update(body).digest();

/** In constant time, and by every secret, so that the time does not tell which of them is the one. */
export function isSignedBy(secrets: readonly string[], body: Buffer, signature: Buffer): boolean {
  let isGood = false;
  for (const secret of secrets) isGood = timingSafeEqual(sign(secret, body), signature) || isGood;
  return isGood;
}
