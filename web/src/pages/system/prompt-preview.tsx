// The prompt that a run would send now for what a file of the backlog holds; fetched when it is opened.
import { useState } from "react";
import type { Preview } from "../../api/types.ts";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { useAsked } from "./use-asked.ts";

/** Rocks, epics and issues; the last part of the path names the card. */
export const isOfBacklog = (path: string): boolean =>
  /^model\/[^/]+\/(?:rocks|epics|issues)\/[^/]+\.(?:ya?ml|jsonc?)$/.test(path);

export function PromptPreview({ path }: { readonly path: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The prompt that a run would send now, of what is saved</summary>
      {isOpen ? <Prompt path={path} /> : null}
    </details>
  );
}

function Prompt({ path }: { readonly path: string }) {
  const preview = useAsked<Preview>("/v1/system/preview-asset", { params: { path } });
  return (
    <Loaded what="the prompt" {...preview}>
      {({ card, seat, model, messages }) => (
        <>
          <p className="meta">
            Card <Text>{card}</Text>, seat <Text>{seat}</Text>, model <Text>{model}</Text>
          </p>
          {messages.map(({ role, content }, place) => (
            <section key={place} aria-label={`Message ${place + 1}: ${role}`}>
              <h2>{role}</h2>
              <pre className="exact" tabIndex={0}>
                <Text>{content}</Text>
              </pre>
            </section>
          ))}
        </>
      )}
    </Loaded>
  );
}
