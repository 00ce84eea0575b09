// Which commands there are: words, options, an example each. The module of a command is loaded when it is called.
import type { Command } from "commander";
import { Argument, Option } from "commander";
import { APPROVE_MODES } from "../domain/approval.ts";
import { SCOPES } from "../domain/api-key.ts";
import { CARD_STATUSES, WAIT_REASONS } from "../domain/card.ts";
import { DELIVERY_STATES } from "../domain/delivery.ts";
import type { Add, Call } from "./define-command.ts";
import { addTo, days, positive } from "./define-command.ts";
import { addPublish, addState } from "./command-list-out.ts";

export function addCommands(program: Command, call: Call): void {
  const add = addTo(program, call);
  addSetUp(add, program);
  addRuns(add);
  addBacklog(add);
  addApprovals(add);
  addServer(add);
  addSandboxes(add);
  addKeys(add);
  addPublish(add);
  addState(add);
}

const document = { json: "document", onProject: true } as const;
const lines = { json: "lines", onProject: true } as const;
const group = { json: null, onProject: false, load: null } as const;

function addSetUp(add: Add, program: Command): void {
  add({
    ...lines,
    onProject: false,
    name: "demo",
    about: "run the shipped sample rock from end to end",
    example: "orket demo",
    load: async () => (await import("./commands/demo.ts")).demo,
  })
    .option("--model <model>", "work with a real model instead of the script, such as ollama:qwen3")
    .option("--keep <dir>", "make the project in this new folder instead of a temporary one");
  add({
    ...document,
    name: "init [dir]",
    about: "write a small, valid project; never overwrites a file",
    example: "orket init --yes my-project",
    load: async () => (await import("./commands/init.ts")).init,
  }).option("-y, --yes", "do not ask before adding to a folder that has files");
  add({
    ...document,
    name: "doctor",
    about: "check this machine and the project, with a fix for each finding",
    example: "orket doctor",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  });
  add({ ...group, name: "config", about: "the settings in force", example: "orket config show" });
  add({
    ...document,
    name: "config show",
    about: "print every setting with its value and where it came from",
    example: "orket config show --json",
    load: async () => (await import("./commands/config.ts")).configShow,
  });
  add({
    ...document,
    onProject: false,
    name: "schema <kind>",
    about: "print the JSON Schema of an asset kind, or of settings",
    example: "orket schema epic",
    load: async () => (await import("./commands/config.ts")).schema,
  });
  add({
    ...document,
    onProject: false,
    name: "completion",
    about: "print a completion script",
    example: 'eval "$(orket completion bash)"',
    load: async () => (await import("./commands/completion.ts")).createCompletion(program),
  }).addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]));
}

const withBudget = (command: Command): Command =>
  command
    .option("--max-tokens <n>", "stop when this many tokens are used", positive)
    .option("--max-cost <usd>", "stop when this much is spent", positive)
    .option("--max-minutes <n>", "stop after this long", positive);

const approveOption = (): Option =>
  new Option("--approve <how>", "what a call that needs a person gets: wait for one, or no at once")
    .choices(APPROVE_MODES)
    .default("ask");

function addRuns(add: Add): void {
  withBudget(
    add({
      ...lines,
      name: "run [card]",
      about: "run a rock, an epic or one issue",
      example: "orket run greeting --max-minutes 30",
      load: async () => (await import("./commands/run.ts")).run,
    }),
  )
    .option("--build <id>", "name of the build (default: from the card)")
    .option("--restart", "start every card again; the history stays")
    .option("--from <run:turn>", "instead of a card: fork a run as it was right after that turn")
    .option("--model <model>", "model of every seat, as <provider>:<model>")
    .option("--department <name>", "look for the card in this department")
    .option(
      "--pull-request [owner/name]",
      "open what was built as a pull request (default: the only repository of the settings)",
    )
    .addOption(approveOption());
  withBudget(
    add({
      ...lines,
      name: "resume <run>",
      about: "go on with a run that was stopped, blocked or lost its process",
      example: "orket resume run-01j9…",
      load: async () => (await import("./commands/run.ts")).resume,
    }),
  );
  withBudget(
    add({
      ...lines,
      name: "loop",
      about:
        "work off the most critical cards of all departments until stopped; limits are for each run",
      example: "orket loop --max-minutes 30",
      load: async () => (await import("./commands/loop.ts")).loop,
    }),
  )
    .option("--model <model>", "model of every seat, as <provider>:<model>")
    .option("--department <name>", "only this department")
    .addOption(approveOption());
  add({
    ...document,
    name: "runs",
    about: "list the runs, newest first",
    example: "orket runs --json",
    load: async () => (await import("./commands/runs.ts")).runs,
  });
  add({
    ...document,
    name: "runs show <run>",
    about: "one run: what each card waits for, its turns and commits",
    example: "orket runs show run-01j9… --diff",
    load: async () => (await import("./commands/runs.ts")).runsShow,
  })
    .option("--diff", "also show what each turn changed")
    .option("--metrics", "also show what each role used, wrote and did last");
  addRunControl(add);
  addReplay(add);
}

function addReplay(add: Add): void {
  add({
    ...document,
    name: "runs export <run>",
    about: "keep an ended run as a recording, in a new folder",
    example: "orket runs export run-01j9… --to recordings/greeting",
    load: async () => (await import("./commands/runs-replay.ts")).runsExport,
  }).requiredOption("--to <dir>", "the new folder");
  add({
    ...document,
    name: "runs replay <dir>",
    about: "play a recording with the project as it is now, and name the first difference",
    example: "orket runs replay recordings/greeting",
    load: async () => (await import("./commands/runs-replay.ts")).runsReplay,
  });
}

function addRunControl(add: Add): void {
  add({
    ...document,
    name: "runs pause <run>",
    about: "let running steps end and start no new one",
    example: "orket runs pause run-01j9…",
    load: async () => (await import("./commands/runs-stop.ts")).runsPause,
  });
  withBudget(
    add({
      ...lines,
      name: "runs continue <run>",
      about: "go on with a paused run in this process",
      example: "orket runs continue run-01j9…",
      load: async () => (await import("./commands/run.ts")).continueRun,
    }),
  );
  add({
    ...document,
    name: "runs cancel <run>",
    about: "end a run for good; its cards go back to ready",
    example: "orket runs cancel run-01j9…",
    load: async () => (await import("./commands/runs-stop.ts")).runsCancel,
  });
}

function addBacklog(add: Add): void {
  add({
    ...document,
    name: "board",
    about: "the tree of rocks, epics and issues",
    example: "orket board",
    load: async () => (await import("./commands/board.ts")).board,
  }).option("--department <name>", "only this department");
  addCards(add);
  add({
    ...document,
    name: "verify <issue>",
    about: "execute an issue's verification alone; exits 0 pass, 1 fail, 3 when it cannot run here",
    example: "orket verify api-001 --json",
    load: async () => (await import("./commands/verify.ts")).verify,
  }).option(...OF_BUILD);
  add({
    ...document,
    name: "preview <asset>",
    about: "the prompt exactly as a run would send it",
    example: "orket preview api-001",
    load: async () => (await import("./commands/preview.ts")).preview,
  })
    .option("--department <name>", "look for the card in this department")
    .option("--build <id>", "the card of this build")
    .option("--model <model>", "as if with this model");
  addMemory(add);
  add({
    ...document,
    name: "drive [message]",
    about: "say in plain words what is to be planned; asks before anything is changed",
    example: 'orket drive "Add an issue for the release notes to the epic greeting."',
    load: async () => (await import("./commands/drive.ts")).drive,
  }).option("--model <model>", "model of the driver, as <provider>:<model>");
  add({ ...group, name: "events", about: "the event log", example: "orket events verify" });
  add({
    ...document,
    name: "events verify",
    about: "check the hash chain of the event log",
    example: "orket events verify",
    load: async () => (await import("./commands/events.ts")).eventsVerify,
  });
}

function addMemory(add: Add): void {
  add({
    ...document,
    name: "memory",
    about: "what turns decided and later prompts may show, newest first",
    example: 'orket memory --search "storage format"',
    load: async () => (await import("./commands/memory.ts")).memory,
  }).option("--search <words>", "only what has one of these words, most of them first");
  add({
    ...document,
    name: "memory forget <id>",
    about: "keep a memory out of every prompt and list from now on",
    example: "orket memory forget 12",
    load: async () => (await import("./commands/memory.ts")).memoryForget,
  });
}

function addApprovals(add: Add): void {
  add({
    ...document,
    name: "approvals",
    about: "list what waits for a person's decision",
    example: "orket approvals",
    load: async () => (await import("./commands/approvals.ts")).approvals,
  });
  add({
    ...document,
    name: "approvals allow <id>",
    about: "let the call happen, once and with exactly these arguments",
    example: "orket approvals allow approval-01j9…",
    load: async () => (await import("./commands/approvals.ts")).approvalsAllow,
  }).option("--reason <text>", "kept with the decision");
  add({
    ...document,
    name: "approvals deny <id>",
    about: "refuse the call; the agent is told the reason and goes on",
    example: 'orket approvals deny approval-01j9… --reason "not on this card"',
    load: async () => (await import("./commands/approvals.ts")).approvalsDeny,
  }).option("--reason <text>", "the agent reads it");
}

function addServer(add: Add): void {
  add({
    ...document,
    name: "serve",
    about: "the HTTP API of the project and the receiver of webhooks, until a signal stops it",
    example: "ORKET_API_KEY=… orket serve --port 8082",
    load: async () => (await import("./commands/serve.ts")).serve,
  })
    .option("--host <address>", "listen on this address (default: the setting, 127.0.0.1)")
    .option("--port <number>", "listen on this port; 0 takes a free one (default: 8082)");
  add({
    ...document,
    name: "smoke",
    onProject: false,
    about:
      "ask a server what it must refuse and what must work; without --url one is started for it",
    example: "orket smoke --url http://127.0.0.1:8082",
    load: async () => (await import("./commands/smoke.ts")).smoke,
  })
    .option("--url <url>", "a running server; its key is ORKET_API_KEY")
    .option("--webhook-url <url>", "its receiver; the secret is GITEA_WEBHOOK_SECRET");
  add({
    ...document,
    name: "webhook",
    about: "what the forge sent and what became of it, newest first",
    example: "orket webhook --state dead",
    load: async () => (await import("./commands/webhook.ts")).webhook,
  })
    .addOption(new Option("--state <state>", "only this state").choices(DELIVERY_STATES))
    .option("--limit <n>", "how many (default: 100)", positive);
  add({
    ...document,
    name: "webhook replay <file>",
    about: "take in a stored payload as if it came now, or by its id one that was given up",
    example: "orket webhook replay delivery.json",
    load: async () => (await import("./commands/webhook.ts")).webhookReplay,
  });
  add({
    ...document,
    name: "webhook reconcile",
    about: "read open pull requests from the forge again, and make good what no delivery told of",
    example: "orket webhook reconcile",
    load: async () => (await import("./commands/reviews.ts")).webhookReconcile,
  });
  add({
    ...document,
    name: "reviews [pull-request]",
    about: "pull requests and their review cycles, or one (owner/name#12) with all that is known",
    example: "orket reviews orket/demo#12",
    load: async () => (await import("./commands/reviews.ts")).reviews,
  }).option("--limit <n>", "how many (default: 100)", positive);
  add({
    ...group,
    name: "forge",
    about: "the forge that sends here",
    example: "orket forge setup --help",
  });
  add({
    ...document,
    name: "forge setup <repository>",
    about: "hook, label and branch protection; shows what it would change, changes it by --execute",
    example: "orket forge setup orket/demo --receiver https://orket.test/webhook/gitea --execute",
    load: async () => (await import("./commands/forge-setup.ts")).forgeSetup,
  })
    .requiredOption("--receiver <url>", "address of the webhook, as the forge reaches it")
    .option("--rotate", "replace the hook, so that it signs with the secret as it is now")
    .option("--execute", "change it");
}

function addSandboxes(add: Add): void {
  add({
    ...document,
    name: "sandboxes",
    about: "list what runs in containers, with its addresses and when it expires",
    example: "orket sandboxes",
    load: async () => (await import("./commands/sandboxes.ts")).sandboxes,
  });
  add({
    ...document,
    name: "sandboxes up <card>",
    about: "run what a build made, in containers on this machine; names a build, or a card in it",
    example: "orket sandboxes up shop --stack node-react-postgres",
    load: async () => (await import("./commands/sandboxes.ts")).sandboxesUp,
  }).option("--stack <name>", "this stack, instead of the epic's or the organization's");
  add({
    ...document,
    name: "sandboxes stop <id>",
    about: "take a sandbox down with its volumes; its ports are free again",
    example: "orket sandboxes stop sandbox-build-shop",
    load: async () => (await import("./commands/sandboxes.ts")).sandboxesStop,
  });
  add({
    ...document,
    name: "sandboxes logs <id>",
    about: "print the last 100 lines of its services",
    example: "orket sandboxes logs sandbox-build-shop --service api",
    load: async () => (await import("./commands/sandboxes.ts")).sandboxesLogs,
  }).option("--service <name>", "only this service");
  add({
    ...document,
    name: "sandboxes health <id>",
    about: "ask the container engine whether each of its services is well",
    example: "orket sandboxes health sandbox-build-shop",
    load: async () => (await import("./commands/sandboxes.ts")).sandboxesHealth,
  });
}

function addKeys(add: Add): void {
  add({
    ...group,
    name: "keys",
    about: "named keys of the HTTP API",
    example: "orket keys list",
  });
  add({
    ...document,
    name: "keys add <name>",
    about:
      "make a key and show it, this once; two of one name may be live, so that one replaces the other",
    example: "orket keys add ci --scope operate --expires-days 90",
    load: async () => (await import("./commands/keys.ts")).keysAdd,
  })
    .addOption(
      new Option("--scope <scope>", "what it may do: look, work, or everything")
        .choices(SCOPES)
        .makeOptionMandatory(),
    )
    .option("--expires-days <n>", "it ends by itself after this many days", days);
  add({
    ...document,
    name: "keys list",
    about: "list the keys, newest first; their texts are kept nowhere",
    example: "orket keys list --json",
    load: async () => (await import("./commands/keys.ts")).keysList,
  });
  add({
    ...document,
    name: "keys revoke <key>",
    about: "end a key by its id, or every key of a name; a running server refuses it from then on",
    example: "orket keys revoke ci",
    load: async () => (await import("./commands/keys.ts")).keysRevoke,
  });
}

const OF_BUILD = ["--build <id>", "the card of this build"] as const;

function addCards(add: Add): void {
  add({
    ...document,
    name: "cards",
    about: "list the stored cards",
    example: "orket cards --status blocked",
    load: async () => (await import("./commands/cards.ts")).cards,
  })
    .option("--build <id>", "only this build")
    .addOption(new Option("--status <status>", "only this status").choices(CARD_STATUSES));
  add({
    ...document,
    name: "cards show <card>",
    about: "one card with its comments and history",
    example: "orket cards show api-001",
    load: async () => (await import("./commands/cards.ts")).cardsShow,
  }).option(...OF_BUILD);
  add({
    ...document,
    name: "cards move <card> <status>",
    about: "move a card, as far as the rules allow",
    example: "orket cards move api-001 ready",
    load: async () => (await import("./commands/cards.ts")).cardsMove,
  })
    .option(...OF_BUILD)
    .addOption(
      new Option("--wait-reason <reason>", "why it waits, for blocked and waiting cards").choices(
        WAIT_REASONS,
      ),
    )
    .option("--detail <text>", "what it waits for, in words");
  add({
    ...document,
    name: "cards comment <card> <text>",
    about: "write a comment that the next turn sees",
    example: 'orket cards comment api-001 "Use UTC."',
    load: async () => (await import("./commands/cards.ts")).cardsComment,
  }).option(...OF_BUILD);
  add({
    ...document,
    name: "cards archive",
    about: "archive cards by id, build or word",
    example: 'orket cards archive --card api-001 --reason "obsolete"',
    load: async () => (await import("./commands/cards.ts")).cardsArchive,
  })
    .option("--card <id...>", "cards by id")
    .option("--build <id>", "all cards of this build")
    .option("--related <token...>", "cards whose id or summary contains this")
    .option("--reason <text>", "kept with the event");
}
