// One card: how far it is and who acts, what it is about, what it hangs on, what was said of it, how its verification went, and
// what happened to it.
import { useState } from "react";
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { Card, CardView } from "../../api/types.ts";
import { Act } from "../../kit/act.tsx";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { usePageKeys } from "../../kit/page-keys.ts";
import { useSearchState } from "../../kit/search-state.ts";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { momentOf, Since } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import type { PageProps } from "../../page.ts";
import { CommentDialog } from "../board/comment-dialog.tsx";
import { MoveDialog } from "../board/move-dialog.tsx";
import { whoActs } from "../board/standing.ts";
import { CardHistory } from "./card-history.tsx";
import { Neighbours } from "./neighbours.tsx";

export default function CardPage({ params: { id = "" } }: PageProps) {
  const build = useSearchState().get("build");
  const card = useLive<CardView>({
    key: ["card", build, id],
    load: async (signal) =>
      getJson(`/v1/cards/${encodeURIComponent(id)}`, { params: { build }, signal }),
    apply: reloadOn((event) => event.card === id),
  });
  return (
    <>
      <PageHead title={`Card ${id}`} />
      <Loaded what="the card" {...card}>
        {(view) => <Whole view={view} />}
      </Loaded>
    </>
  );
}

const Whole = ({ view: { card, brief, comments, verification } }: { readonly view: CardView }) => (
  <>
    <Head card={card} />
    {brief === null || isBare(brief) ? null : <Brief brief={brief} />}
    <Neighbours card={card} />
    <section aria-label="Verification">
      <h2>Verification</h2>
      {verification === null ? (
        <p className="meta">There was none yet.</p>
      ) : (
        <>
          <p>
            {verification.verdict ?? "no verdict"}: {verification.passed} passed,{" "}
            {verification.failed} failed, {verification.notExecuted} not executed
          </p>
          <pre className="exact" tabIndex={0}>
            <Text>{verification.logs.join("\n")}</Text>
          </pre>
        </>
      )}
    </section>
    <section aria-label="Comments">
      <h2>Comments {comments.length}</h2>
      {comments.map(({ author, text, at }, place) => (
        <article key={`${at} ${place}`}>
          <p className="meta">
            <Text>{author}</Text>, {momentOf(at)}
          </p>
          <p className="wrap">
            <Text>{text}</Text>
          </p>
        </article>
      ))}
    </section>
    <section aria-label="History">
      <h2>History</h2>
      <CardHistory id={card.id} build={card.build} />
    </section>
  </>
);

function Head({ card }: { readonly card: Card }) {
  const [asked, ask] = useState<"move" | "comment" | null>(null);
  usePageKeys({ m: () => ask("move"), c: () => ask("comment") });
  const acts = whoActs(card);
  const close = (): void => ask(null);
  return (
    <>
      <p className="toolbar">
        <Chip {...lookOfCard(card)} />
        <Text>{card.summary}</Text>
        <span className="meta">
          for <Since at={card.statusSince} />
          {card.seat === null ? null : (
            <>
              , seat <Text>{card.seat}</Text>
            </>
          )}
          , retries {card.retryCount} of {card.retriesMax}, cycle {card.cycle}
        </span>
      </p>
      {card.waitDetail === null && acts === "" ? null : (
        <div className="notice waiting">
          {card.waitDetail === null ? null : (
            <p>
              {card.waitReason}: <Text>{card.waitDetail}</Text>
            </p>
          )}
          {acts === "" ? null : (
            <p>
              <strong>Who acts:</strong> {acts}
            </p>
          )}
        </div>
      )}
      {card.lastError === null ? null : (
        <p className="notice failed">
          Its last failure: <Text>{card.lastError}</Text>
        </p>
      )}
      <p className="toolbar">
        <Act onClick={() => ask("move")}>Move to…</Act>
        <Act onClick={() => ask("comment")}>Comment</Act>
        <Link href={`/board?card=${encodeURIComponent(`${card.build}:${card.id}`)}`}>
          On the board
        </Link>
        <span className="meta">
          In a terminal:{" "}
          <code>
            orket cards show <Text>{card.id}</Text>
          </code>
        </span>
      </p>
      {asked === "move" ? <MoveDialog card={card} onClose={close} /> : null}
      {asked === "comment" ? <CommentDialog card={card} onClose={close} /> : null}
    </>
  );
}

type BriefProps = { readonly brief: NonNullable<CardView["brief"]> };

const isBare = ({ description, requirements, note, acceptance }: BriefProps["brief"]): boolean =>
  `${description}${requirements}${note}` === "" && acceptance.length === 0;

const Brief = ({ brief }: BriefProps) => (
  <section aria-label="Brief">
    <h2>Brief</h2>
    {[brief.description, brief.requirements, brief.note]
      .filter((text) => text !== "")
      .map((text) => (
        <p className="wrap" key={text}>
          <Text>{text}</Text>
        </p>
      ))}
    {brief.acceptance.length === 0 ? null : (
      <ul>
        {brief.acceptance.map((line) => (
          <li key={line}>
            <Text>{line}</Text>
          </li>
        ))}
      </ul>
    )}
  </section>
);
