// The tables as Kysely's builders see them: what each column is written with. What is read is checked in rows.ts.
import type { Generated } from "kysely";

type Text = string;
/** JSON as text. */
type JsonText = string;
/** 0 or 1. */
type Flag = number;
/** ISO 8601 in UTC. */
type Moment = string;

type CardsTable = {
  number: Generated<number>;
  build: Text;
  id: Text;
  id_key: Text;
  kind: Text;
  type: Text;
  summary: Text;
  status: Text;
  wait_reason: Text | null;
  wait_detail: Text | null;
  version: number;
  priority: number;
  seat: Text | null;
  epic: Text | null;
  parent: Text | null;
  department: Text;
  position: number;
  depends_on: JsonText;
  retry_count: number;
  retries_max: number;
  cycle: number;
  verified: Flag;
  orphaned: Flag;
  author_seats: JsonText;
  assignee: Text | null;
  credits: number;
  resolution: Text | null;
  last_error: Text | null;
  created_at: Moment;
  updated_at: Moment;
  changed_seq: number;
  status_since: Moment;
};

type VerificationsTable = {
  number: Generated<number>;
  build: Text;
  card_key: Text;
  at: Moment;
  cycle: number;
  workspace_digest: Text;
  total: number;
  passed: number;
  failed: number;
  not_executed: number;
  verdict: Text | null;
  logs: JsonText;
};

type CommentsTable = {
  number: Generated<number>;
  build: Text;
  card: Text;
  author: Text;
  text: Text;
  at: Moment;
  turn: Text | null;
};

type BuildsTable = {
  id: Text;
  epic: Text;
  department: Text;
  rock: Text | null;
  workspace_digest: Text | null;
};

type UsageColumns = { input_tokens: number; output_tokens: number; cost_usd: number };

type RunsTable = UsageColumns & {
  number: Generated<number>;
  id: Text;
  card: Text;
  kind: Text;
  builds: JsonText;
  status: Text;
  reason: Text | null;
  detail: Text | null;
  turns: number;
  replies: number;
  tokens_max: number | null;
  cost_usd_max: number | null;
  minutes_max: number | null;
  turns_max: number | null;
  wanted: Text | null;
  active_ms: number;
  model: Text | null;
  created_at: Moment;
  started_at: Moment | null;
  ended_at: Moment | null;
  epoch: number;
  owner: Text | null;
  lease_until_ms: number | null;
};

type RunBuildsTable = { build: Text; number: number; run: Text; active: Flag };

type TurnsTable = {
  build: Text;
  card: Text;
  number: number;
  id: Text;
  run: Text;
  seat: Text;
  kind: Text;
  cycle: number;
  model: Text;
  status: Text;
  outcome: Text | null;
  commit_id: Text | null;
  started_at: Moment;
  ended_at: Moment | null;
};

type TurnStepsTable = UsageColumns & { turn: Text; number: number; text: Text; calls: JsonText };

type TurnCallsTable = {
  turn: Text;
  step: number;
  call_id: Text;
  begun: Flag;
  effect: JsonText | null;
  result: JsonText | null;
};

type MemoriesTable = {
  number: Generated<number>;
  project: Text;
  build: Text;
  card: Text;
  run: Text;
  turn: Text;
  seat: Text;
  at: Moment;
  text: Text;
  words: Text;
};

type ApprovalsTable = {
  number: Generated<number>;
  id: Text;
  kind: Text;
  state: Text;
  run: Text | null;
  build: Text | null;
  card: Text | null;
  turn: Text | null;
  step: number | null;
  call_id: Text | null;
  epoch: number | null;
  tool: Text | null;
  risk: Text | null;
  arguments: JsonText;
  args_hash: Text;
  payload: JsonText;
  reason: Text;
  requested_at: Moment;
  expires_at: Moment;
  decided_at: Moment | null;
  decided_by: Text | null;
  decision_reason: Text | null;
  used_at: Moment | null;
};

type SandboxesTable = {
  number: Generated<number>;
  id: Text;
  build: Text;
  stack: Text;
  state: Text;
  reason: Text | null;
  block: number | null;
  ports: JsonText;
  urls: JsonText;
  services: JsonText;
  sources: Text | null;
  misses: number;
  epoch: number;
  owner: Text | null;
  deployer: Text | null;
  busy_until: Moment | null;
  checked_at: Moment | null;
  created_at: Moment;
  last_used_at: Moment;
  expires_at: Moment;
};

type ApiKeysTable = {
  number: Generated<number>;
  id: Text;
  name: Text;
  scope: Text;
  digest: Text;
  created_at: Moment;
  created_by: Text;
  expires_at: Moment | null;
  last_used_at: Moment | null;
  revoked_at: Moment | null;
  revoked_by: Text | null;
};

type EventsTable = {
  seq: number;
  at: Moment;
  type: Text;
  run: Text | null;
  build: Text | null;
  card: Text | null;
  turn: Text | null;
  actor: Text;
  data: JsonText;
  prev_hash: Text;
  hash: Text;
};

type PhasesTable = {
  number: Generated<number>;
  rock: Text;
  build: Text;
  builds: JsonText;
  department: Text;
  status: Text;
  days: number;
  started_at: Moment;
  ends_at: Moment;
  extendable_from: Moment;
  completed_at: Moment | null;
};

type DeliveriesTable = {
  number: Generated<number>;
  id: Text;
  event: Text;
  action: Text | null;
  repository: number | null;
  repository_name: Text | null;
  pull_request: number | null;
  sender: number | null;
  sender_name: Text | null;
  lane: Text;
  source: Text;
  size_bytes: number;
  body_digest: Text;
  received_at: Moment;
  state: Text;
  attempts: number;
  reason: Text | null;
  next_attempt_ms: number;
  owner: Text | null;
  lease_until_ms: number | null;
  settled_at: Moment | null;
};

type PublishedTable = {
  number: Generated<number>;
  source: Text;
  project: Text;
  repository: Text;
  branch: Text;
  sha: Text;
  tree: Text;
  source_sha: Text;
  parity: Flag;
  published_at: Moment;
  verified_at: Moment;
  state: Text;
  place: Text | null;
  archived_at: Moment | null;
  deleted_at: Moment | null;
};

type PullRequestsTable = {
  id: Generated<number>;
  repository: number;
  number: number;
  full_name: Text;
  title: Text;
  author: Text;
  head_sha: Text;
  base_branch: Text;
  web_url: Text;
  build: Text;
  card: Text;
  state: Text;
  round: number;
  cycles: number;
  rejections: JsonText;
  seen_reviews: JsonText;
  opened_at: Text;
  is_escalated: Flag;
  is_rejecting: Flag;
  verification: JsonText | null;
  agent_review: JsonText | null;
  refusal: JsonText | null;
  merge_commit: Text | null;
  state_comment: JsonText | null;
  look_at_ms: number | null;
  looks: number;
  version: number;
  owner: Text | null;
  lease_until_ms: number | null;
  created_at: Moment;
  updated_at: Moment;
};

type PullRequestErrandsTable = {
  id: Generated<number>;
  repository: number;
  number: number;
  round: number;
  kind: Text;
  about: Text;
  facts: JsonText;
  state: Text;
  attempts: number;
  next_attempt_ms: number;
  failure: Text | null;
  answer: JsonText | null;
  owner: Text | null;
  lease_until_ms: number | null;
};

export type Schema = {
  cards: CardsTable;
  card_briefs: { build: Text; id_key: Text; brief: JsonText };
  verifications: VerificationsTable;
  comments: CommentsTable;
  builds: BuildsTable;
  runs: RunsTable;
  run_snapshots: { run: Text; snapshot: JsonText };
  run_builds: RunBuildsTable;
  turns: TurnsTable;
  turn_prompts: { turn: Text; prompt: JsonText };
  turn_steps: TurnStepsTable;
  turn_calls: TurnCallsTable;
  card_files: { build: Text; card: Text; path: Text; committed: Flag };
  memories: MemoriesTable;
  /** Full-text index over the words of `memories`; `rowid` is their number. */
  memory_index: { rowid: number; words: Text };
  forgotten_memories: { memory: number; at: Moment };
  phases: PhasesTable;
  approvals: ApprovalsTable;
  sandboxes: SandboxesTable;
  api_keys: ApiKeysTable;
  deliveries: DeliveriesTable;
  delivery_bodies: { delivery: number; body: JsonText };
  published: PublishedTable;
  pull_requests: PullRequestsTable;
  pull_request_errands: PullRequestErrandsTable;
  events: EventsTable;
  event_head: { id: number; seq: number; hash: Text };
};
