// A line of a log in its colours. Each part is a text with its marks drawn, as everything that others wrote.
import type { AnsiToken } from "./ansi.ts";
import { marked } from "./marks.ts";
import "./ansi.css";

export const AnsiText = ({ tokens }: { readonly tokens: readonly AnsiToken[] }) => (
  <bdi>
    {tokens.map(({ text, look }, place) => (
      <span key={place} className={look}>
        {marked(text)}
      </span>
    ))}
  </bdi>
);
