// Opens the palette by Ctrl-K or Cmd-K, from wherever the focus is, or by its button. It is loaded when it is first asked for.
import { useEffect, useState } from "react";
import { lazyPart } from "../kit/lazy-part.ts";
import { Part } from "../kit/part.tsx";

const Palette = lazyPart(() => import("./palette.tsx"));

export function PaletteKey() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isAsked = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
      if (!isAsked || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      // A dialog that is open asks for an answer first.
      if (document.querySelector("dialog[open]") === null) setOpen(true);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <button type="button" className="plain" onClick={() => setOpen(true)}>
        Go to <kbd>Ctrl-K</kbd>
      </button>
      {isOpen ? (
        <Part what="The list of where to go" fallback={null}>
          <Palette onClose={() => setOpen(false)} />
        </Part>
      ) : null}
    </>
  );
}
