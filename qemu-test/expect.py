# SPDX-License-Identifier: BSD-2-Clause
"""Expectation files: what a tool makes now against what is written down.  Not a program.

Invariant: a difference is shown as a diff and fails, unless the caller was told to update.
"""
import difflib
import os
import sys


class Expectations:
    """Counts what agrees; `update` writes what does not."""

    def __init__(self, update=False):
        self.update, self.passed, self.failed, self.written = update, 0, 0, 0

    def fail(self, text):
        print(f"FAIL {text}")
        self.failed += 1

    def compare(self, path, got, cases=1):
        """The whole text of a file; `cases`: how many it counts for."""
        want = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                want = f.read()
        if want == got:
            self.passed += cases
        elif self.update:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(got)
            print(f"written: {path}")
            self.written += 1
        else:
            self.fail(path)
            sys.stdout.writelines(difflib.unified_diff(
                want.splitlines(True), got.splitlines(True), "expected", "now"))

    def finish(self, command):
        """command: what updates these files."""
        if self.failed and not self.update:
            print(f"Is the new text right?  Then: {command}")
        if self.update:
            print(f"{self.written} files written, {self.failed} failed")
        else:
            print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(bool(self.failed))
