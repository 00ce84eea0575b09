// Compare runs.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function ComparePage() {
  return (
    <>
      <PageHead title="Compare runs" />
      <Empty title="This page is not here yet." />
    </>
  );
}
