# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pachctl says of its own commands: usages, and words that it does not know."""

from __future__ import annotations

import sys

from .release import RELEASE, Uncaptured, V, proved

NEAR = {
    "list": ("list-repo", "list-commit", "list-branch", "list-file", "list-job", "list-datum", "list-pipeline"),
    "stop": ("stop-job", "stop-pipeline"),
}  # fmt: skip
NO_OBJECTS = "      --no-objects   don't extract from object storage, only extract data from etcd\n"
FLAGS = {
    "extract": (NO_OBJECTS if V >= (1, 7, 0) else "")
    + "{pad}-u, --url string   An object storage url (i.e. s3://...) to extract to.\n".format(pad="  "),
    "migrate": (
        "      --from string        The current version of the cluster.  If not specified, pachctl will attempt to"
        " discover the version of the cluster.\n"
        '      --namespace string   The kubernetes namespace under which Pachyderm is deployed. (default "default")\n'
        "      --to string          The version of Pachyderm to migrate to.  If not specified, pachctl will use its own"
        " version.\n"
    ),
    "version": "",
}
EXAMPLES = """
Examples:

# Extract into a local file:
$ pachctl extract > backup

# Extract to s3:
$ pachctl extract -u s3://bucket/backup

Available Commands:
  pipeline    Return the manifest used to create a pipeline.
"""
HELP = 'Use "pachctl extract [command] --help" for more information about a command.\n'
MIGRATE = """\
Migrate the internal state of Pachyderm from one version to
another.  Note that most of the time updating Pachyderm doesn't
require a migration.  Refer to the docs for your specific version
to find out if it requires a migration.

It's highly recommended that you only run migrations when there are no
activities in your cluster, e.g. no jobs should be running.

The migration command takes the general form:

$ pachctl migrate --from <FROM_VERSION> --to <TO_VERSION>

If "--from" is not provided, pachctl will attempt to discover the current
version of the cluster.  If "--to" is not provided, pachctl will use the
version of pachctl itself.

Example:

# Migrate Pachyderm from 1.4.8 to 1.5.0
$ pachctl migrate --from 1.4.8 --to 1.5.0

"""


def usage(name: str) -> str:
    if name not in FLAGS:
        raise Uncaptured(f"the usage of {name}")
    flags = f"\nFlags:\n{FLAGS[name]}" if FLAGS[name] else ""
    known = [("--no-metrics", "Don't report user metrics for this command")]
    if V >= (1, 8, 1):
        known.append(("--no-port-forwarding", "Disable implicit port forwarding"))
    wide = max(len(flag) for flag, _text in known) + 3
    common = "".join(f"      {flag.ljust(wide)}{text}\n" for flag, text in known)
    common += f"  -v, {'--verbose'.ljust(wide)}Output verbose logs\n"
    more = ("", "") if V < (1, 9, 0) or name != "extract" else (f"  pachctl extract [command]\n{EXAMPLES}", "\n" + HELP)
    return f"Usage:\n  pachctl {name} [flags]\n{more[0]}{flags}\nGlobal Flags:\n{common}{more[1]}"


def help_of(name: str) -> int:
    proved(f"{name} --help", f"{name}_help")
    sys.stderr.write(MIGRATE + usage(name))
    return 0


# word -> what shows how this release says that it does not know it.
WORDS = {"fsck": "fsck", "migrate": "migrate_unknown_command", "stop": "stop_pipeline_other_syntax",
         "list": "list_repo_other_syntax"}  # fmt: skip


def unknown(word: str) -> int:
    if word not in WORDS:
        raise Uncaptured(f"the command {word} of {RELEASE}")
    proved(f"the command {word}, which is not known,", WORDS[word])
    near = NEAR.get(word)
    hint = "".join(f"\t{one}\n" for one in near) if near else ""
    said = f'unknown command "{word}" for "pachctl"\n' + (f"\nDid you mean this?\n{hint}" if near else "")
    gap = "\n" if near else ""
    sys.stderr.write(f"Error: {said}{gap}Run 'pachctl --help' for usage.\n{said}{gap}".rstrip("\n") + "\n")
    return 1
