// Copies a text; it says so when it has, and when the browser does not let it.
import { useState } from "react";

type CopyButtonProps = { readonly text: string; readonly what: string };

export function CopyButton({ text, what }: CopyButtonProps) {
  const [done, setDone] = useState<"" | "Copied" | "Not allowed here">("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setDone("Copied");
    } catch {
      // Without TLS a browser has a clipboard for this machine's own pages alone.
      setDone("Not allowed here");
    }
  };
  return (
    <span className="copy">
      <button type="button" aria-label={`Copy ${what}`} onClick={() => void copy()}>
        Copy
      </button>
      <output className="meta">{done}</output>
    </span>
  );
}
