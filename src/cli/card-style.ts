// How a card's status looks in a terminal: one sign, one colour, the same everywhere.
import type { CardStatus } from "../domain/card.ts";

type Look = {
  readonly glyph: string;
  readonly style: "dim" | "red" | "green" | "yellow" | "blue" | "cyan";
};

const LOOKS: Readonly<Record<CardStatus, Look>> = {
  ready: { glyph: "○", style: "dim" },
  in_progress: { glyph: "◐", style: "blue" },
  blocked: { glyph: "✖", style: "red" },
  waiting_for_developer: { glyph: "?", style: "yellow" },
  ready_for_testing: { glyph: "◑", style: "cyan" },
  code_review: { glyph: "◕", style: "cyan" },
  done: { glyph: "●", style: "green" },
  canceled: { glyph: "–", style: "dim" },
  archived: { glyph: "▫", style: "dim" },
};

export const glyphOf = (status: CardStatus): string => LOOKS[status].glyph;
export const styleOf = (status: CardStatus): Look["style"] => LOOKS[status].style;
