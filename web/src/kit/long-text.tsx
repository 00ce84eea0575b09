// Exactly what somebody or something wrote, however long: the beginning at once, the rest when it is asked for.
import { useState } from "react";
import { Text } from "./text.tsx";

const CHARACTERS_MAX = 32 * 1024;

export function LongText({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  const isCut = !isWhole && text.length > CHARACTERS_MAX;
  return (
    <>
      <pre className="exact" tabIndex={0}>
        <Text>{isCut ? text.slice(0, CHARACTERS_MAX) : text}</Text>
      </pre>
      {isCut ? (
        <button type="button" onClick={() => setWhole(true)}>
          Show {text.length - CHARACTERS_MAX} characters more
        </button>
      ) : null}
    </>
  );
}
