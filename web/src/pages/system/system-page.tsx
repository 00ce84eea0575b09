// System.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function SystemPage() {
  return (
    <>
      <PageHead title="System" />
      <Empty title="This page is not here yet." />
    </>
  );
}
