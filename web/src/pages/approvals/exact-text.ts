// What an approval is for, as text that hides nothing: its arguments as JSON, or a plan as it came.
import type { Approval } from "../../api/types.ts";

export const exactText = ({
  arguments: given,
  payload,
}: Pick<Approval, "arguments" | "payload">): string =>
  JSON.stringify(given ?? payload ?? null, null, 2);
