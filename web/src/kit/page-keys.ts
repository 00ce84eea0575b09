// Single keys of one page: what each does while the page is open, and nothing is typed into a field.
import { useEffect, useLayoutEffect, useRef } from "react";
import { isForPage } from "../shell/go-keys.ts";

export type PageKeys = Readonly<Record<string, () => void>>;

export function usePageKeys(keys: PageKeys): void {
  const newest = useRef(keys);
  useLayoutEffect(() => {
    newest.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const act = Object.hasOwn(newest.current, event.key) ? newest.current[event.key] : undefined;
      if (act === undefined || !isForPage(event)) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
