// What to do about a box that does not work, by what it said.

type Remedy = { readonly sign: RegExp; readonly remedy: string };

const REMEDIES: readonly Remedy[] = [
  {
    // Ubuntu 24.04 and later let only programs with a profile make user namespaces.
    sign: /setting up uid map: Permission denied|RTM_NEWADDR: Operation not permitted/,
    remedy:
      "AppArmor keeps bubblewrap from making user namespaces. Install the distribution's profile " +
      "(package apparmor-profiles), link `bwrap-userns-restrict` into /etc/apparmor.d and run " +
      "`sudo systemctl reload apparmor`. Do not switch the restriction off for every program.",
  },
  {
    sign: /Unknown option --(?:ro-)?bind-fd|Unknown option/,
    remedy: "bubblewrap is too old; it needs 0.11, or Debian 12's 0.8.0-2+deb12u1.",
  },
  {
    sign: /No permissions to create(?: a)? new namespace|Creating new namespace failed|max_user_namespaces/,
    remedy:
      "User namespaces are switched off here. Set `user.max_user_namespaces` above 0, and " +
      "`kernel.unprivileged_userns_clone=1` where it exists; in a container, run it with a seccomp " +
      "profile that allows them.",
  },
];

const OTHERWISE =
  "See what `bwrap --unshare-all --ro-bind / / true` says on this machine, and set that right.";

export const remedyFor = (said: string): string =>
  REMEDIES.find(({ sign }) => sign.test(said))?.remedy ?? OTHERWISE;
