// What would hide or turn the letters of a text is drawn as a mark.

/** Control and format characters: bidirectional ones, zero-width ones, tags, escapes. Line ends and tabs are what they are. */
const MARKS = /(?![\t\n\r])[\p{Cc}\p{Cf}]/gu;

export const marked = (text: string): string =>
  text.replaceAll(
    MARKS,
    (mark) => `[U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
