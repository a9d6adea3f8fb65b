"""Links and headings of Markdown files, for check_links.py and build_docs.py."""
import re
import unicodedata

# [text](target) and ![text](target); targets here have neither spaces nor brackets.
LINK = re.compile(r"(?P<before>!?\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\()(?P<target>[^()\s]+)\)")
FENCE = re.compile(r"^\s*(```|~~~)")


def parts(text):
    """(whether it is fenced code, lines) of each stretch of the text; together they are the text."""
    fenced, stretch = False, []
    for line in text.splitlines(keepends=True):
        if FENCE.match(line):
            if not fenced:
                yield False, "".join(stretch)
                stretch = []
            stretch.append(line)
            if fenced:
                yield True, "".join(stretch)
                stretch = []
            fenced = not fenced
        else:
            stretch.append(line)
    yield fenced, "".join(stretch)


def prose(text):
    """The text with all fenced code blanked out, line for line."""
    return "".join("\n" * part.count("\n") if fenced else part for fenced, part in parts(text))


def without_code(text):
    """The text with its `code spans` blanked out."""
    return re.sub(r"`[^`\n]*`", lambda match: "`" + " " * (len(match[0]) - 2) + "`", text)


def links(text):
    """(number of the line, target) of all links."""
    words = prose(text)
    shown = without_code(words)
    for match in LINK.finditer(words):
        if shown[match.end() - 1] == ")":  # not a link that is shown as code
            yield words.count("\n", 0, match.start()) + 1, match["target"]


def headings(text):
    return re.findall(r"^#{1,6} +(.*?)\s*$", prose(text), re.MULTILINE)


def plain(heading):
    """A heading as it is read: without code marks, emphasis and the targets of links."""
    return re.sub(r"[`*]", "", LINK.sub(lambda match: match["text"], heading))


def github_anchor(heading):
    kept = re.sub(r"[^\w\- ]", "", plain(heading).lower())
    return kept.replace(" ", "-")


def mkdocs_anchor(heading):
    """As the toc extension of Python-Markdown makes it."""
    ascii_only = unicodedata.normalize("NFKD", plain(heading)).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", ascii_only).strip().lower())


def anchors(text):
    """What a link may name after #. An anchor counts when a public host and our own site both have it."""
    found = headings(text)
    github = [github_anchor(heading) for heading in found]
    mkdocs = [mkdocs_anchor(heading) for heading in found]
    both = set(github) & set(mkdocs)
    # The second heading of the same words has a number, which the two write in different ways.
    return {anchor for anchor in both if github.count(anchor) == 1}
