// Sandbox.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function SandboxPage() {
  return (
    <>
      <PageHead title="Sandbox" />
      <Empty title="This page is not here yet." />
    </>
  );
}
