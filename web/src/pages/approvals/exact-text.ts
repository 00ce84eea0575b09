// What an approval is for, as text that hides nothing: its name, and its arguments as JSON or a plan as it came.
import type { Approval } from "../../api/types.ts";

export const nameOf = ({ tool, kind }: Pick<Approval, "tool" | "kind">): string =>
  tool ?? (kind === "plan" ? "A plan of the driver" : kind);

export const exactText = ({
  kind,
  arguments: given,
  payload,
}: Pick<Approval, "kind" | "arguments" | "payload">): string =>
  JSON.stringify(kind === "plan" ? payload : given, null, 2);
