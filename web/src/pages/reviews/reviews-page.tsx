// Pull requests that are for a card, how often they went round, and which of them need a person.
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { ReviewPage } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { cycleOf, lookOfReview, needsPerson, pathOfReview } from "./look.ts";

export default function ReviewsPage() {
  const reviews = useLive<ReviewPage>({
    key: ["reviews"],
    load: async (signal) => getJson("/v1/reviews", { signal }),
    apply: reloadOn(({ type }) => type.startsWith("pr-")),
  });
  const { get, set } = useSearchState();
  const isNarrowed = get("needs") === "me";
  return (
    <>
      <PageHead title="Reviews">
        <button
          type="button"
          aria-pressed={isNarrowed}
          onClick={() => set({ needs: isNarrowed ? null : "me" })}
        >
          Needs me
        </button>
      </PageHead>
      <Loaded what="the reviews" {...reviews}>
        {(page) => <Shown page={page} isNarrowed={isNarrowed} />}
      </Loaded>
    </>
  );
}

type ShownProps = { readonly page: ReviewPage; readonly isNarrowed: boolean };

function Shown({ page: { reviews, limits, receives }, isNarrowed }: ShownProps) {
  const { set } = useSearchState();
  const shown = isNarrowed ? reviews.filter(needsPerson) : reviews;
  if (reviews.length === 0) return <NoneSeen receives={receives} />;
  if (shown.length === 0)
    return (
      <Empty title="None needs a person.">
        <p>
          {reviews.length} {reviews.length === 1 ? "goes" : "go"} on by rule.{" "}
          <button type="button" onClick={() => set({ needs: null })}>
            Show all
          </button>
        </p>
      </Empty>
    );
  return (
    <Table
      label="Pull requests"
      rows={shown}
      keyOf={pathOfReview}
      columns={[
        {
          title: "Pull request",
          cell: (review) => (
            <Link href={pathOfReview(review)}>
              <Text>{`${review.owner}/${review.repository}#${review.number}`}</Text>
            </Link>
          ),
        },
        { title: "Title", cell: ({ title }) => <Text>{title}</Text> },
        { title: "Card", cell: ({ card }) => <Text>{card}</Text> },
        { title: "State", cell: (review) => <Chip {...lookOfReview(review)} /> },
        { title: "Sent back", cell: (review) => cycleOf(review, limits) },
        {
          title: "Changed",
          cell: ({ updatedAt }) => (
            <>
              <Since at={updatedAt} /> ago
            </>
          ),
        },
      ]}
    />
  );
}

const NoneSeen = ({ receives }: { readonly receives: boolean }) => (
  <Empty title="No pull requests seen.">
    {receives ? (
      <p>
        The webhook listens, and nothing about a card came yet. To look at the forge now:{" "}
        <code>orket webhook reconcile</code>
      </p>
    ) : (
      <p>
        The webhook listener is off: <code>GITEA_WEBHOOK_SECRET</code> is unset. How to connect a
        forge: <code>orket forge setup</code>
      </p>
    )}
  </Empty>
);
