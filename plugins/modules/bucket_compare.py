# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bucket_compare
short_description: Compare a bucket with the copy that was made of it
version_added: 0.1.0
description:
  - Lists both buckets by the S3 API and compares names, counts and sizes, and checksums where both sides have them in the same form.
  - It works on the controller, reads no object and changes nothing. It needs the Python package C(boto3).
author: the uplift.datastores contributors (!UNKNOWN)
extends_documentation_fragment:
  - uplift.datastores.attributes
  - uplift.datastores.attributes.info
options:
  bucket: {description: The bucket that was copied., type: str, required: true}
  copy: {description: The bucket that holds the copy. What it holds besides does not matter., type: str, required: true}
  prefix: {description: Only what begins so., type: str, default: ''}
  connection:
    description: Where and as whom, in the words of the collection amazon.aws. What is not said is what boto3 finds itself.
    type: dict
    default: {}
    suboptions:
      endpoint_url: {description: Another address than Amazon's., type: str}
      region: {description: The region., type: str}
      profile: {description: A profile of the configuration., type: str}
      access_key: {description: The access key., type: str}
      secret_key: {description: Its secret., type: str}
      session_token: {description: The token of a session., type: str}
"""

EXAMPLES = r"""
- name: Is the copy whole?
  uplift.datastores.bucket_compare:
    bucket: pachyderm
    copy: pachyderm-before-the-upgrade
    connection: {region: eu-west-1}
  register: copied
  failed_when: copied.differences | length > 0
"""

RETURN = r"""
objects: {description: How many objects the bucket has., returned: always, type: int, sample: 214}
bytes: {description: How many bytes they have together., returned: always, type: int, sample: 8690012}
differences:
  description: What the copy lacks or has otherwise, as sentences; the first ten, and how many more.
  returned: always
  type: list
  elements: str
  sample: [object/0b3c is not in the copy]
"""

from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, controller_only

_SECRET = ("secret_key", "session_token")
_NAMES = ("endpoint_url", "region", "profile", "access_key", *_SECRET)
SPEC: Spec = {
    "bucket": {"type": "str", "required": True},
    "copy": {"type": "str", "required": True},
    "prefix": {"type": "str", "default": ""},
    "connection": {
        "type": "dict",
        "default": {},
        "options": {name: {"type": "str", "no_log": name in _SECRET} for name in _NAMES},
    },
}


def main() -> None:
    controller_only("bucket_compare", SPEC)


if __name__ == "__main__":
    main()
