// What a card waits for and what waits for it, each with how far it is.
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { Card, CardPage } from "../../api/types.ts";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { addressOfCard } from "../board/card-link.tsx";

const CARDS = 500;

export function Neighbours({ card }: { readonly card: Card }) {
  const { build } = card;
  const cards = useLive<CardPage>({
    key: ["build-cards", build],
    load: async (signal) => getJson("/v1/cards", { params: { build, limit: CARDS }, signal }),
    apply: reloadOn((event) => event.build === build && event.type.startsWith("card-")),
  });
  return (
    <Loaded what="its neighbours" {...cards}>
      {({ cards: all }) => (
        <>
          <Related
            title="Depends on"
            ids={card.dependsOn}
            known={all.filter(({ id }) => card.dependsOn.includes(id))}
            build={build}
          />
          <Related
            title="Unblocks"
            ids={[]}
            known={all.filter(({ dependsOn }) => dependsOn.includes(card.id))}
            build={build}
          />
        </>
      )}
    </Loaded>
  );
}

type RelatedProps = {
  readonly title: string;
  /** Also those that the list of cards did not bring. */
  readonly ids: readonly string[];
  readonly known: readonly Card[];
  readonly build: string;
};

function Related({ title, ids, known, build }: RelatedProps) {
  const all = [...new Set([...ids, ...known.map(({ id }) => id)])];
  if (all.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {all.map((id) => {
          const found = known.find((one) => one.id === id);
          return (
            <li key={id} className="toolbar">
              <Link className="mono" href={addressOfCard({ id, build })}>
                <Text>{id}</Text>
              </Link>
              {found === undefined ? null : (
                <>
                  <Chip {...lookOfCard(found)} />
                  <Text>{found.summary}</Text>
                </>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
