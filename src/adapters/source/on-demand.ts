// The source port. Most runs never ask it for anything, so the grammars are loaded for the first text and not before.
import type { SourceParser } from "../../ports/source.ts";
import type { LoadedParser } from "./source-parser.ts";

export function createSourceParserOnDemand(): SourceParser {
  let loaded: Promise<LoadedParser> | null = null;
  const load = async (): Promise<LoadedParser> =>
    (await import("./source-parser.ts")).createSourceParser();
  return {
    parse: async (language, text) => {
      loaded ??= load();
      return (await loaded)(language, text);
    },
  };
}
