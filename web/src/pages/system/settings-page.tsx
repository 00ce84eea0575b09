// The settings that the server was started with: value, where it comes from, and what it means.
import type { Setting, Settings } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { useSearchState } from "../../kit/search-state.ts";
import { Empty, Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import type { Section } from "./settings-data.ts";
import { findSettings, isSet, sectionsOf, valueOf } from "./settings-data.ts";
import { SystemFrame } from "./system-frame.tsx";
import { useAsked } from "./use-asked.ts";

export default function SettingsPage() {
  const { get, set } = useSearchState();
  const words = get("q") ?? "";
  const isOnlySet = get("changed") === "1";
  const settings = useAsked<Settings>("/v1/system/settings");
  return (
    <SystemFrame
      title="Settings"
      aside={
        <>
          <label>
            Find
            <input
              type="search"
              value={words}
              onChange={({ target }) => set({ q: target.value }, "replace")}
            />
          </label>
          <label>
            <input
              type="checkbox"
              checked={isOnlySet}
              onChange={({ target }) => set({ changed: target.checked ? "1" : null })}
            />
            Changed only
          </label>
        </>
      }
    >
      <p className="meta">
        As the server was started. A file or a variable that was changed since counts from its next
        start on. Of secrets only whether they are set.
      </p>
      <Loaded what="the settings" {...settings}>
        {({ settings: all }) => {
          const found = findSettings(all, { words, isOnlySet });
          return (
            <>
              <output>
                {found.length} of {all.length} settings shown; {all.filter(isSet).length} are not
                the default
              </output>
              {found.length === 0 ? (
                <Empty title="No setting matches.">
                  <button type="button" onClick={() => set({ q: null, changed: null })}>
                    Show all
                  </button>
                </Empty>
              ) : (
                <SettingTable sections={sectionsOf(found)} />
              )}
            </>
          );
        }}
      </Loaded>
    </SystemFrame>
  );
}

const TITLES = ["Setting", "Value", "From", "Variable", "Meaning"];

const SettingTable = ({ sections }: { readonly sections: readonly Section[] }) => (
  <section className="table-scroll" aria-label="All settings" tabIndex={0}>
    <table className="settings">
      <thead>
        <tr>
          {TITLES.map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      {sections.map(({ name, settings }) => (
        <tbody key={name}>
          <tr>
            <th scope="rowgroup" colSpan={TITLES.length}>
              {name}
            </th>
          </tr>
          {settings.map((setting) => (
            <Row key={setting.key} setting={setting} />
          ))}
        </tbody>
      ))}
    </table>
  </section>
);

function Row({ setting }: { readonly setting: Setting }) {
  const { key, env, origin, meaning } = setting;
  return (
    <tr>
      <td className="mono">{key}</td>
      <td>
        <Value setting={setting} />
      </td>
      <td>{isSet(setting) ? <strong>{origin}</strong> : origin}</td>
      <td className="mono">{env ?? ""}</td>
      <td>{meaning}</td>
    </tr>
  );
}

function Value({ setting }: { readonly setting: Setting }) {
  if (setting.isSecret)
    return setting.value === "set" ? (
      <Chip tone="done" icon="verified" word="set" />
    ) : (
      <Chip tone="muted" icon="ready" word="unset" />
    );
  if (setting.value === null || setting.value === "") return <span className="meta">none</span>;
  return (
    <code>
      <Text>{valueOf(setting)}</Text>
    </code>
  );
}
