"""Samples that outlive their run, so that a long comparison can be made in parts."""
import json
import os
from dataclasses import asdict

from cases import Sample
from report import Row


class Kept:
    """A file with a line of JSON for each case; with None as path nothing is kept."""

    def __init__(self, path):
        self.path = path
        self.lines = {}
        if path and os.path.exists(path):
            with open(path) as kept:
                self.lines = {self._key(line["case"]): line for line in map(json.loads, kept)}

    @staticmethod
    def _key(case):
        return case["title"], case["clients"]

    def row_of(self, case):
        """What is kept of this case, or None."""
        line = self.lines.get((case.title, case.clients))
        if line is None:
            return None
        samples = {name: [Sample(**one) for one in taken] for name, taken in line["samples"].items()}
        return Row(case, samples, line["notes"])

    def add(self, row):
        if self.path:
            with open(self.path, "a") as kept:
                samples = {name: [asdict(one) for one in taken] for name, taken in row.samples.items()}
                case = {"title": row.case.title, "clients": row.case.clients}
                kept.write(json.dumps({"case": case, "samples": samples, "notes": row.notes}) + "\n")
