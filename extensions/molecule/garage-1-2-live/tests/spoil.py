# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On a host: an archive next to another, whose database is whole, emptied or flipped, with a manifest that fits it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

source, how = sys.argv[1:]
manifest = json.loads(Path(source + ".manifest.json").read_text(encoding="utf-8"))
plain = subprocess.run(["zstd", "-q", "-d", "-c", source], stdout=subprocess.PIPE, check=True).stdout
out = io.BytesIO()
with tarfile.open(fileobj=io.BytesIO(plain)) as old, tarfile.open(fileobj=out, mode="w") as new:
    for member in old:
        body = old.extractfile(member)
        data = body.read() if body else b""
        if member.name.endswith("data.mdb"):
            flipped = data[:8192] + bytes(byte ^ 255 for byte in data[8192:])
            data = {"whole": data, "emptied": b"", "flipped": flipped}[how]
            (entry,) = [one for one in manifest["entries"] if one["path"] == member.name]
            entry.update(size=len(data), sha256=hashlib.sha256(data).hexdigest())
        member.size = len(data)
        new.addfile(member, io.BytesIO(data) if body else None)
dest = Path(source).with_name(f"{how}.tar")
dest.write_bytes(out.getvalue())
dest.chmod(0o600)
manifest.update(compression="none", size=dest.stat().st_size, sha256=hashlib.sha256(out.getvalue()).hexdigest())
Path(f"{dest}.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
print(json.dumps({"dest": str(dest), "metadata_dir": manifest["sources"][0]}))
