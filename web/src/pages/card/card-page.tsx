// One card: what it is about, how far it is, what was said of it, and how its verification went.
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { CardView } from "../../api/types.ts";
import { Chip, lookOfCard } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { momentOf, Since } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import type { PageProps } from "../../page.ts";

export default function CardPage({ params: { id = "" } }: PageProps) {
  const build = useSearchState().get("build");
  const card = useLive<CardView>({
    key: ["card", id, build],
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
      </span>
      <Link href={`/board?card=${encodeURIComponent(`${card.build}:${card.id}`)}`}>
        On the board
      </Link>
    </p>
    {card.waitDetail === null ? null : (
      <p className="notice waiting">
        {card.waitReason}: <Text>{card.waitDetail}</Text>
      </p>
    )}
    {brief === null ? null : <Brief brief={brief} />}
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
  </>
);

const Brief = ({ brief }: { readonly brief: NonNullable<CardView["brief"]> }) => (
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
