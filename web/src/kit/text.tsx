// Text that others wrote: models, tools, people, forges. It is only ever a text, and what would hide or turn its letters is
// drawn as a mark.

/** Bidirectional controls, zero-width characters and other invisible ones that change how a line is read. */
const MARKS = /[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF]/g;

export const marked = (text: string): string =>
  text.replaceAll(
    MARKS,
    (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );

export const Text = ({ children }: { readonly children: string }) => <bdi>{marked(children)}</bdi>;
