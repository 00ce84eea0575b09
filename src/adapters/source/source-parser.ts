// The work of the source port: Lezer's grammar for Python, Babel's parser for JavaScript and TypeScript, both under a time
// limit. Loading them costs as much as loading the store; on-demand.ts does it when the first text is to be read.
import type { SourceFacts, SourceLanguage } from "../../domain/structure.ts";
import { readJavaScript } from "./javascript.ts";
import { readPython } from "./python.ts";
import { createTimeLimit } from "./time-limit.ts";

/** A longer text is not judged: no rule finds anything in it that a person would not. */
export const SOURCE_LENGTH_MAX = 1024 * 1024;
const PARSE_MS_MAX = 1000;

const READERS: Readonly<Record<SourceLanguage, (text: string) => SourceFacts>> = {
  python: readPython,
  javascript: (text) => readJavaScript(text, "javascript"),
  typescript: (text) => readJavaScript(text, "typescript"),
};

/** What no parser gets to the end of, in time or in depth, is no source that anybody can work with. */
const UNREADABLE: SourceFacts = { errorLine: 1, classes: [], imports: [] };

export type LoadedParser = (language: SourceLanguage, text: string) => SourceFacts;

export function createSourceParser(): LoadedParser {
  const withTimeLimit = createTimeLimit();
  return (language, text) => {
    if (text.length > SOURCE_LENGTH_MAX) return UNREADABLE;
    try {
      return withTimeLimit(() => READERS[language](text), PARSE_MS_MAX);
    } catch {
      return UNREADABLE;
    }
  };
}
