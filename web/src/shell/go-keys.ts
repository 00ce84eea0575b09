// `g` and a letter lead to a page of the rail. Keys typed into a field are text.
import { useEffect } from "react";
import { useLocation } from "wouter";
import { RAIL } from "../routes.tsx";

const PAUSE_MS = 1500;

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;

export function useGoKeys(): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    let startedAt = Number.NEGATIVE_INFINITY;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const isSecond = event.timeStamp - startedAt < PAUSE_MS;
      startedAt = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const entry = isSecond ? RAIL.find(({ letter }) => letter === event.key) : undefined;
      if (entry !== undefined) navigate(entry.path);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate]);
}
