// Descriptors that whoever started Orket left open. A child of ours would get them too, and a folder of the host among them
// would be a way out of the box; so something harmless is put in their place.
import { readdirSync, readFileSync } from "node:fs";

const CLOSE_ON_EXEC = 0o2000000;

/** Those above `after` that a program we start would inherit. Node closes its own. */
export function inheritedDescriptors(infoDir: string, after: number): readonly number[] {
  return readdirSync(infoDir)
    .map(Number)
    .filter((descriptor) => descriptor > after && isInherited(`${infoDir}/${descriptor}`))
    .toSorted((one, other) => one - other);
}

function isInherited(path: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(path, "utf8"))?.[1];
    return (Number.parseInt(flags ?? "0", 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false; // closed meanwhile
  }
}

/** A list of stdio in which `harmless` stands at each inherited place; the places between are left as they are. */
export function coverInherited<Entry>(
  stdio: readonly Entry[],
  inherited: readonly number[],
  harmless: Entry,
): readonly (Entry | "ignore")[] {
  const covered: (Entry | "ignore")[] = [...stdio];
  for (const descriptor of inherited) {
    while (covered.length < descriptor) covered.push("ignore");
    covered[descriptor] = harmless;
  }
  return covered;
}
