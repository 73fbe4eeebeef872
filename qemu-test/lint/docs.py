#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What comments and documents name is there: files, folders, functions, sections of the design.

docs.py        all documents, and the comments of all sources; docs.allow: names of others
Invariant: a file's name may leave out folders before it, but not one that no file has.  Names with
a word in capitals (NAME, HOST, KEY …) stand for others, and functions whose names begin with x_.
"""
import fnmatch
import os
import re

from files import finish, project_files, read_lines

DESIGN, ALLOW = "docs/design.md", "qemu-test/lint/docs.allow"
CODE = (".c", ".h", ".S", ".s", ".def", ".py", ".sh", ".mk")
C_LIKE = (".c", ".h", ".S", ".def", ".lds", ".ld")
HASH_LIKE = (".py", ".sh", ".mk", ".cfg", ".table", ".allow", ".s", ".suites", "Makefile")
ENDING = "c|h|S|s|def|py|sh|mk|md|cfg|lds|ld|suites|allow|table|patch|txt"
FILE = re.compile(rf"(?<![\w./$*-])((?:[\w.*-]+/)*[\w*-][\w.*-]*\.(?:{ENDING}))(?![\w/-])")
QUOTED = re.compile(r"`([^`\n]+)`")
FOLDER = re.compile(r"[\w-]+(?:/[\w-]+)*/")
PLACEHOLDER = re.compile(r"(?<![a-z0-9])(?!README)[A-Z][A-Z0-9_]*(?![a-z0-9])")
SECTIONS = re.compile(r"\bdesign(?:\.md`?)?,? (?:§ ?|sections? )?"
                      r"(\d+(?:\.\d+)?(?:(?:, | and )\d+(?:\.\d+)?)*)(?![\w,.]*\d)")
HEADING = re.compile(r"^#+ (\d+(?:\.\d+)?)\.? ")
FUNCTION = re.compile(r"\b([a-z]\w*_\w+)(?:\(\))? \(((?:[\w-]+/)+[\w-]+\.[chS])\)")
WORD = re.compile(r"(?!x_)[a-z][a-z0-9]*_\w+")
CALL = re.compile(r"\b(?!x_)([a-z]\w*_\w+)\(\)")
HASH = re.compile(r"(?:^|\s)#")
COMMENT = re.compile(r"/\*.*?\*/", re.S)


def comments(path, text):
    """[(line number, text)] of what a reader reads: all of a document, comments of a source."""
    if path.endswith(".md"):
        yield from enumerate(text.split("\n"), 1)
    elif path.endswith(C_LIKE):
        for match in COMMENT.finditer(text):
            first = text.count("\n", 0, match.start()) + 1
            yield from enumerate(match[0].split("\n"), first)
    else:
        quoted = False
        for number, line in enumerate(text.split("\n"), 1):
            docstring = quoted or '"""' in line
            quoted ^= line.count('"""') % 2 == 1
            if docstring:
                yield number, line
            elif match := HASH.search(line):
                yield number, line[match.start():]


class Project:
    """What there is to name."""

    def __init__(self, files, read, others=()):
        self.files, self.read = files, read
        self.names = {*files, *others}
        self.folders = {"/" + os.path.dirname(f) + "/" for f in files}
        self.words = set()
        for name in files:
            if name.endswith(CODE):
                self.words.update(re.findall(r"\w+", COMMENT.sub("", "\n".join(read(name)))))
        self.sections = {m[1] for line in read(DESIGN) if (m := HEADING.match(line))}

    def has_file(self, name):
        name = name.removeprefix("./").removeprefix("../")
        return name in self.names or any(f.endswith("/" + name) for f in self.names) \
            or "*" in name and bool(fnmatch.filter(self.names, "*" + name))

    def has_folder(self, name):
        return any("/" + name in folder for folder in self.folders)

    def has_function(self, name, path):
        return any(re.search(rf"\b{name}\b", line) for f in self.files
                   if f == path or f.endswith("/" + path) for line in self.read(f))


def line_errors(project, path, line):
    """What one line names that is not there."""
    for name in FILE.findall(line):
        if not PLACEHOLDER.search(os.path.splitext(name)[0]) and not project.has_file(name):
            yield f"names {name}, which is not there"
    for named in SECTIONS.findall(line):
        for section in re.split(", | and ", named):
            if section not in project.sections:
                yield f"names section {section} of {DESIGN}, which is not there"
    for name in CALL.findall(line):
        if name not in project.words:
            yield f"names {name}(), which no code has"
    for name, file in FUNCTION.findall(line):
        if project.has_file(file) and not project.has_function(name, file):
            yield f"{name} is not in {file}"
    if path.endswith(".md"):
        for name in QUOTED.findall(line):
            if WORD.fullmatch(name) and name not in project.words:
                yield f"names {name}, which no code has"
            if FOLDER.fullmatch(name) and not PLACEHOLDER.search(name) and \
                    not project.has_folder(name) and not name.startswith("build/"):
                yield f"names {name}, which is not there"


def check(project, path, text):
    return [f"{path}:{number}: {error}" for number, line in comments(path, text)
            for error in line_errors(project, path, line)]


def main():
    others = [line.split("#")[0].strip() for line in read_lines(ALLOW)]
    project = Project(project_files(), read_lines, {name for name in others if name})
    errors, files = [], project_files(".md", *C_LIKE, *HASH_LIKE)
    for path in files:
        errors += check(project, path, "\n".join(read_lines(path)))
    finish("docs", errors, f", {len(files)} files")


if __name__ == "__main__":
    main()
