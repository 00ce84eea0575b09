// Sandboxes.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function SandboxesPage() {
  return (
    <>
      <PageHead title="Sandboxes" />
      <Empty title="This page is not here yet." />
    </>
  );
}
