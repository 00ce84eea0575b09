// What would hide or turn the letters of a text is drawn as a mark.

/**
 * Whatever takes no place or another's: control and format characters, foreign line ends, halves of characters, blanks that
 * count as letters. Line ends and tabs are what they are, and so are the selectors by which a sign becomes an emoji.
 */
const MARKS =
  /(?![\t\n\r]|\uFE0E|\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

export const marked = (text: string): string =>
  text.replaceAll(
    MARKS,
    (mark) => `[U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
