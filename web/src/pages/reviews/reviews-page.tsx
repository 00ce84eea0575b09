// Reviews.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function ReviewsPage() {
  return (
    <>
      <PageHead title="Reviews" />
      <Empty title="This page is not here yet." />
    </>
  );
}
