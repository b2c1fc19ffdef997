"""A seal over many histories: a tree of SHA-256 over their heads.

A leaf group has the heads of the parents whose ids share ``id // GROUP``; its node is the hash of its lines
``id:count:head`` in id order. The nodes above are hashes of up to ``GROUP`` nodes each, up to one root. The file of a
seal holds the group nodes and, per parent, how many lines its history had, so that it can be checked after histories
have grown.
"""

import gzip
import hashlib
import json
import os
from itertools import groupby
from pathlib import Path

GROUP = 1024


def root_of(nodes):
    """Root over the hexadecimal hashes of the leaf groups; of no groups it is the hash of nothing."""
    level = list(nodes)
    while len(level) > 1:
        level = [
            hashlib.sha256("".join(level[start : start + GROUP]).encode()).hexdigest()
            for start in range(0, len(level), GROUP)
        ]
    return level[0] if level else hashlib.sha256(b"").hexdigest()


def pack(offsets, counts):
    """Run-length form of ``{offset in the group: number of lines}``: ``[[first offset, how many, lines each], …]``."""
    # runs of neighbours are wanted, which odoo.tools.groupby does not give
    runs = groupby(  # pylint: disable=bad-builtin-groupby
        enumerate(zip(offsets, counts, strict=True)), lambda item: (item[1][0] - item[0], item[1][1])
    )
    packed = []
    for (_shift, count), items in runs:
        items = list(items)
        packed.append([items[0][1][0], len(items), count])
    return packed


def unpack(number, runs):
    """``([ids], [counts])`` of a group from its run-length form."""
    ids, counts = [], []
    for first, length, count in runs:
        start = number * GROUP + first
        ids.extend(range(start, start + length))
        counts.extend([count] * length)
    return ids, counts


def write(path, header, groups):
    """Write a seal: one JSON object per line, compressed; whole or not at all, never over an existing file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "wb") as raw:
            with gzip.open(raw, "wt", encoding="utf-8", newline="\n") as handle:
                handle.write(json.dumps(header) + "\n")
                for group in groups:
                    handle.write(json.dumps(group, separators=(",", ":")) + "\n")
            raw.flush()
            os.fsync(raw.fileno())
        os.chmod(draft, 0o440)
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def read(path):
    """``(header, [[number, node, runs], …])`` of a seal's file.

    :raise ValueError: when the file is damaged or its groups do not give its root
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as handle:
            header, *groups = (json.loads(line) for line in handle)
        if header["root"] != root_of(node for _number, node, _runs in groups):
            raise ValueError("root")
    except (EOFError, KeyError, TypeError, ValueError, gzip.BadGzipFile) as exc:
        raise ValueError(f"{Path(path).name} is not a seal or was changed") from exc
    return header, groups
