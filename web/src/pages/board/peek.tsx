// One card beside the board: why it stands where it stands, who acts, what it hangs on, what happened to it.
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { Card, CardView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { Loaded } from "../../kit/states.tsx";
import { marked } from "../../kit/marks.ts";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { CardHistory } from "../card/card-history.tsx";
import type { BoardCard } from "./board-data.ts";
import { addressOfCard, CardLink } from "./card-link.tsx";
import type { ColumnName } from "./columns.ts";
import { CommentDialog } from "./comment-dialog.tsx";
import { MoveDialog } from "./move-dialog.tsx";
import { standingOf, whoActs } from "./standing.ts";
import { StartRun } from "./start-run.tsx";

/** What somebody wants to do with the card; a column: to move it there. */
export type Asked = "move" | "comment" | ColumnName | null;

export type PeekProps = {
  readonly card: BoardCard;
  readonly cards: readonly BoardCard[];
  readonly onClose: () => void;
  readonly asks: Asked;
  readonly ask: (what: Asked) => void;
};

export function Peek({ card, cards, onClose, asks, ask }: PeekProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [card.key]);
  const near = cards.filter(({ epic }) => epic === card.epic);
  const before = near.filter(({ id }) => card.dependsOn.includes(id));
  const after = near.filter(({ dependsOn }) => dependsOn.includes(card.id));
  const acts = whoActs(card);
  const isStored = card.build !== null;
  return (
    <aside className="peek" aria-label={`Card ${card.id}`}>
      <header className="toolbar">
        <h2 ref={heading} tabIndex={-1}>
          <span className="mono">{marked(card.id)}</span> <Text>{card.summary}</Text>
        </h2>
        <Link href={addressOfCard(card)}>Open page</Link>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </header>
      <p>
        <Chip {...lookOfCard(card)} /> <Text>{standingOf(card)}</Text>{" "}
        {card.since === null ? null : (
          <span className="meta">
            for <Since at={card.since} />
          </span>
        )}
      </p>
      {acts === "" ? null : (
        <p>
          <strong>Who acts:</strong> {acts}
        </p>
      )}
      <Related title="Depends on" cards={before} />
      <Related title="Unblocks" cards={after} />
      {card.build === null ? (
        <p className="meta">No run has stored it yet.</p>
      ) : (
        <Stored id={card.id} build={card.build} />
      )}
      <p className="toolbar">
        <Act disabled={!isStored} onClick={() => ask("move")}>
          Move to…
        </Act>
        <Act disabled={!isStored} onClick={() => ask("comment")}>
          Comment
        </Act>
        <StartRun card={card.id} />
      </p>
      <p className="meta">
        In a terminal: <code>orket cards show {marked(card.id)}</code>
      </p>
      {asks === null || !isStored ? null : asks === "comment" ? (
        <CommentDialog card={card} onClose={() => ask(null)} />
      ) : (
        <MoveDialog card={card} towards={asks === "move" ? null : asks} onClose={() => ask(null)} />
      )}
    </aside>
  );
}

type RelatedProps = { readonly title: string; readonly cards: readonly BoardCard[] };

const Related = ({ title, cards }: RelatedProps) =>
  cards.length === 0 ? null : (
    <div>
      <h3>{title}</h3>
      <ul>
        {cards.map((one) => (
          <li key={one.key} className="toolbar">
            <CardLink card={one} />
            <Chip {...lookOfCard(one)} />
          </li>
        ))}
      </ul>
    </div>
  );

function Stored({ id, build }: Pick<Card, "id" | "build">) {
  const path = `/v1/cards/${encodeURIComponent(id)}`;
  const concerns = reloadOn<CardView>((event) => event.card === id && event.build === build);
  const view = useLive<CardView>({
    key: ["card", build, id],
    load: async (signal) => getJson(path, { params: { build }, signal }),
    apply: concerns,
  });
  return (
    <>
      <Loaded what="the card" {...view}>
        {({ card: stored, brief, verification }) => (
          <>
            {brief === null || brief.description === "" ? null : (
              <p className="wrap">
                <Text>{brief.description}</Text>
              </p>
            )}
            <p className="meta">
              Verification:{" "}
              {verification === null
                ? "no verdict yet"
                : `${verification.passed} of ${verification.total} passed, ${verification.verdict ?? "no verdict"}`}
              {" · "}Retries {stored.retryCount} of {stored.retriesMax}
              {" · "}Cycle {stored.cycle}
            </p>
          </>
        )}
      </Loaded>
      <div>
        <h3>History</h3>
        <CardHistory id={id} build={build} />
      </div>
    </>
  );
}
