// Approvals.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function ApprovalsPage() {
  return (
    <>
      <PageHead title="Approvals" />
      <Empty title="This page is not here yet." />
    </>
  );
}
