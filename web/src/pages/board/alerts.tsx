// What on the board needs a person, folded away until somebody looks.
import { Text } from "../../kit/text.tsx";
import type { BoardData } from "./board-data.ts";

export const Alerts = ({ alerts }: Pick<BoardData, "alerts">) =>
  alerts.length === 0 ? null : (
    <details className="notice waiting">
      <summary>{alerts.length === 1 ? "1 alert" : `${alerts.length} alerts`}</summary>
      <ul>
        {alerts.map(({ code, message }) => (
          <li key={`${code} ${message}`} className="wrap">
            <Text>{message}</Text> <span className="meta mono">{code}</span>
          </li>
        ))}
      </ul>
    </details>
  );
