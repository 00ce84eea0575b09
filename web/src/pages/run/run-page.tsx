// Run.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function RunPage() {
  return (
    <>
      <PageHead title="Run" />
      <Empty title="This page is not here yet." />
    </>
  );
}
