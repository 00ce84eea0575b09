// Pull requests that are for a card, and how often they went round.
import { Link } from "wouter";
import { getJson } from "../../api/http.ts";
import type { Review, ReviewPage } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { PageHead } from "../../kit/page.tsx";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Table } from "../../kit/table.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { lookOfReview, pathOfReview } from "./look.ts";

export default function ReviewsPage() {
  const reviews = useLive<ReviewPage>({
    key: ["reviews"],
    load: async (signal) => getJson("/v1/reviews", { signal }),
    apply: reloadOn(({ type }) => type.startsWith("pr-")),
  });
  return (
    <>
      <PageHead title="Reviews" />
      <Loaded what="the reviews" {...reviews}>
        {({ reviews: shown }) =>
          shown.length === 0 ? (
            <Empty title="No pull requests seen.">
              <p>
                They come by webhook, or are found by <code>orket webhook reconcile</code>; see{" "}
                <code>orket forge setup</code>.
              </p>
            </Empty>
          ) : (
            <ReviewTable reviews={shown} />
          )
        }
      </Loaded>
    </>
  );
}

const ReviewTable = ({ reviews }: { readonly reviews: readonly Review[] }) => (
  <Table
    label="Pull requests"
    rows={reviews}
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
      { title: "Sent back", cell: ({ cycles }) => cycles },
      { title: "Changed", cell: ({ updatedAt }) => <Since at={updatedAt} /> },
    ]}
  />
);
