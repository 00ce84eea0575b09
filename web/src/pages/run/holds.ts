// Whether an event has the words that somebody looks for; as the server does it, see src/app/run-events.ts there.
import type { WireEvent } from "../../api/types.ts";

export const holds = (
  { type, card, actor, data }: Pick<WireEvent, "type" | "card" | "actor" | "data">,
  words: string,
): boolean =>
  words === "" ||
  `${type} ${card ?? ""} ${actor} ${JSON.stringify(data)}`
    .toLowerCase()
    .includes(words.toLowerCase());
