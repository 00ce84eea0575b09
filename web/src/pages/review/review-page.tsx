// Review.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function ReviewPage() {
  return (
    <>
      <PageHead title="Review" />
      <Empty title="This page is not here yet." />
    </>
  );
}
