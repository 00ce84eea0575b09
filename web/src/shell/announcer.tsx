// The one region that speaks: at most one sentence in five seconds, however much happens.
import { useEffect, useState } from "react";
import { live } from "../live/use-live.ts";
import { announcementOf } from "./announcement.ts";

const PAUSE_MS = 5000;

export function Announcer() {
  const [said, say] = useState("");
  useEffect(() => {
    let position = live.last();
    let timer: ReturnType<typeof setTimeout> | null = null;
    const speak = (): void => {
      timer = null;
      const events = live.after(position) ?? [];
      position = live.last();
      const words = announcementOf(events);
      if (words !== null) say(words);
    };
    const leave = live.subscribe(() => {
      // What was there before somebody looked is no news.
      if (position === 0) position = live.last();
      timer ??= setTimeout(speak, PAUSE_MS);
    });
    return () => {
      leave();
      if (timer !== null) clearTimeout(timer);
    };
  }, []);
  return (
    <output className="hidden-label" aria-label="What happens">
      {said}
    </output>
  );
}
