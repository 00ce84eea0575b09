// Driver.
import { PageHead } from "../../kit/page.tsx";
import { Empty } from "../../kit/states.tsx";

export default function DriverPage() {
  return (
    <>
      <PageHead title="Driver" />
      <Empty title="This page is not here yet." />
    </>
  );
}
