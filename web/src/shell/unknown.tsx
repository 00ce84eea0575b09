// An address that is no page.
import { Link } from "wouter";
import { PageHead } from "../kit/page.tsx";

export const Unknown = () => (
  <>
    <PageHead title="No such page" />
    <p>
      Nothing is at this address. <Link href="/board">To the board</Link>
    </p>
  </>
);
