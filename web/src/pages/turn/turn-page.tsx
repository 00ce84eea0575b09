// Turn.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function TurnPage() {
  return (
    <>
      <PageHead title="Turn" />
      <Empty title="This page is not here yet." />
    </>
  );
}
