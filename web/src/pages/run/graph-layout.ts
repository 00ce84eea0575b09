// Places cards in layers: each right of all it depends on, near what it is joined to. The same cards always lie the same.

export type GraphNode = { readonly key: string; readonly dependsOn: readonly string[] };
export type Place = { readonly layer: number; readonly order: number };
export type Graph = {
  /** In dependency order; of a circle, in the order given. */
  readonly keys: readonly string[];
  readonly places: ReadonlyMap<string, Place>;
  readonly edges: readonly (readonly [from: string, to: string])[];
};

const SWEEPS = 4;

export function graphOf(nodes: readonly GraphNode[]): Graph {
  const known = new Set(nodes.map(({ key }) => key));
  const edges = nodes.flatMap(({ key, dependsOn }) =>
    [...new Set(dependsOn)]
      .filter((from) => known.has(from) && from !== key)
      .map((from) => [from, key] as const),
  );
  const before = joined(edges.map(([from, to]) => [to, from]));
  const after = joined(edges);
  const layers = layersOf([...known], before, after);
  const columns: string[][] = [];
  for (const [key, layer] of layers) (columns[layer] ??= []).push(key);
  const orders = new Map<string, number>();
  for (const column of columns) number(column, orders);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForward = sweep % 2 === 0;
    for (const column of isForward ? columns : columns.toReversed())
      untangle(column, isForward ? before : after, orders);
  }
  const places = new Map(
    [...layers].map(([key, layer]) => [key, { layer, order: orders.get(key) ?? 0 }]),
  );
  return { keys: columns.flat(), places, edges };
}

type Joined = ReadonlyMap<string, readonly string[]>;

function joined(edges: readonly (readonly [string, string])[]): Joined {
  const all = new Map<string, string[]>();
  for (const [from, to] of edges) {
    const known = all.get(from);
    if (known === undefined) all.set(from, [to]);
    else known.push(to);
  }
  return all;
}

/** The longest way to each; where only circles are left, the first one given is taken as if it waited for nothing. */
function layersOf(keys: readonly string[], before: Joined, after: Joined): Map<string, number> {
  const open = new Map(keys.map((key) => [key, before.get(key)?.length ?? 0]));
  const layers = new Map<string, number>();
  const ready = keys.filter((key) => open.get(key) === 0);
  let next = 0;
  let given = 0;
  while (layers.size < keys.length) {
    if (next === ready.length) {
      while (layers.has(keys[given] ?? "")) given += 1;
      ready.push(keys[given] ?? "");
    }
    const key = ready[next] ?? "";
    next += 1;
    if (layers.has(key)) continue;
    const known = (before.get(key) ?? []).map((one) => layers.get(one) ?? -1);
    layers.set(key, known.reduce((most, layer) => Math.max(most, layer), -1) + 1);
    for (const one of after.get(key) ?? []) {
      open.set(one, (open.get(one) ?? 0) - 1);
      if (open.get(one) === 0) ready.push(one);
    }
  }
  return layers;
}

const number = (column: readonly string[], orders: Map<string, number>): void => {
  for (const [order, key] of column.entries()) orders.set(key, order);
};

/** Each goes to the middle of what it is joined to on that side. */
function untangle(column: string[], near: Joined, orders: Map<string, number>): void {
  const middles = new Map(
    column.map((key, order) => {
      const all = near.get(key) ?? [];
      const sum = all.reduce((total, one) => total + (orders.get(one) ?? 0), 0);
      return [key, all.length === 0 ? order : sum / all.length];
    }),
  );
  column.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
  number(column, orders);
}
