// Card.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function CardPage() {
  return (
    <>
      <PageHead title="Card" />
      <Empty title="This page is not here yet." />
    </>
  );
}
