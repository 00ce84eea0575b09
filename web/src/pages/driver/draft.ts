// What somebody began to write to the driver. It is kept over a visit to another page, and nowhere but in this tab's memory.
import { useSyncExternalStore } from "react";

let text = "";
const lookers = new Set<() => void>();

export function write(next: string): void {
  text = next;
  for (const look of lookers) look();
}

export const useDraft = (): string =>
  useSyncExternalStore(
    (look) => {
      lookers.add(look);
      return () => void lookers.delete(look);
    },
    () => text,
  );
