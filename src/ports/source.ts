// Reads the structure of a source text; what follows from the facts is decided in domain/structure.ts.
import type { SourceFacts, SourceLanguage } from "../domain/structure.ts";

/** Contract: any text gives facts, in time linear to its length; nothing of it is executed. */
export type SourceParser = {
  readonly parse: (language: SourceLanguage, text: string) => Promise<SourceFacts>;
};
