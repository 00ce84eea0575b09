// The address as it stands in the bar. The router gives out what it has decoded once already, which would be decoded again.
import { useLocationProperty } from "wouter/use-browser-location";

export const useRawSearch = (): string => useLocationProperty(() => location.search);

/** The values of the `:names` of a page's path. What is no proper escape stays as it is. */
export const paramsOf = (pattern: string, pathname: string): Readonly<Record<string, string>> => {
  const parts = pathname.split("/");
  return Object.fromEntries(
    pattern
      .split("/")
      .flatMap((name, place) =>
        name.startsWith(":") ? [[name.slice(1), decoded(parts[place] ?? "")]] : [],
      ),
  );
};

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
