// Takes secrets out of a finished log line. After everything has been written into it, because a secret hides in messages,
// addresses and nested keys.
import type { Redactor } from "../../domain/redact.ts";

/** The line without any secret. Still one JSON object: only its texts and keys change. */
export function scrubLine(line: string, redact: Redactor): string {
  const value: unknown = JSON.parse(line);
  const kept = redact.data(value);
  return kept === value ? line : `${JSON.stringify(kept)}\n`;
}
