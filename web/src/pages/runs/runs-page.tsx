// Runs.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function RunsPage() {
  return (
    <>
      <PageHead title="Runs" />
      <Empty title="This page is not here yet." />
    </>
  );
}
