# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The toy's program. HOME holds the release of its next start, what runs, and words in the form of a release.

program.py HOME seen | stop | start | use RELEASE | polish | put WORD | backup FILE | restore FILE
"""

import json
import sys
from pathlib import Path

home, order, *rest = sys.argv[1:]
place = Path(home) / "toy.json"
toy = json.loads(place.read_text(encoding="utf-8"))
if order == "stop":
    toy["runs"] = ""
elif order == "start":
    if toy["form"] != toy["release"][0]:
        sys.exit(f"toy {toy['release']} cannot read data of the form {toy['form']}")
    toy["runs"] = toy["release"]
elif order == "use":
    toy["release"] = rest[0]
elif order == "polish":
    if toy["runs"]:
        sys.exit("toy runs: its data cannot be polished")
    toy["form"] = toy["release"][0]
elif order == "put":
    toy["words"].append(rest[0])
elif order == "backup":
    Path(rest[0]).write_text(json.dumps({name: toy[name] for name in ("form", "words")}), encoding="utf-8")
elif order == "restore":
    toy.update(json.loads(Path(rest[0]).read_text(encoding="utf-8")))
place.write_text(json.dumps(toy), encoding="utf-8")
print(json.dumps(toy))
