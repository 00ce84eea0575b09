// `g` and a letter lead to a page of the rail. Keys typed into a field are text.
import { useEffect } from "react";
import { useLocation } from "wouter";
import { RAIL } from "../rail.ts";

const PAUSE_MS = 1500;

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;

const OFF = "orket-keys-off";

export const areKeysOn = (): boolean => localStorage.getItem(OFF) === null;

export function setKeysOn(isOn: boolean): void {
  if (isOn) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
}

/** Whether a key that was pressed is meant for the page. */
export const isForPage = (event: KeyboardEvent): boolean =>
  areKeysOn() && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);

export function useGoKeys(): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    let startedAt = Number.NEGATIVE_INFINITY;
    const onKey = (event: KeyboardEvent): void => {
      if (!isForPage(event)) return;
      const isSecond = event.timeStamp - startedAt < PAUSE_MS;
      startedAt = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const entry = isSecond ? RAIL.find(({ letter }) => letter === event.key) : undefined;
      if (entry !== undefined) navigate(entry.path);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate]);
}
