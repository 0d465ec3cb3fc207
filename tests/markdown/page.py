"""Renders comments as GitHub does and looks for anything that a user's words brought about."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

OURS = "https://github.com/acme/shop/"
# What comments are made of, with the attributes that a tag may have.
TAGS = {
    **dict.fromkeys("p h3 h4 table thead tbody tr details summary strong b em br ul li blockquote sub code span".split(), ()),
    "a": ("href",),
    "pre": ("lang",),
    "th": ("align",),
    "td": ("align",),
}
VOID = {"br"}
# Tags that a user's words may bring: code for names in backticks, a span around a dollar, a link to a file that is there.
FREE = {"code", "span", "a"}
# What GitHub links or replaces in text once Markdown has been read.
LINKED = {
    "mention": r"(?<![\w`/])@[a-z0-9][\w-]*",
    "issue": r"#\d+",
    "tracker": r"\b(?:gh|ghsa|cve|jira)-[a-z0-9]",
    "commit": r"\b[0-9a-f]{7,40}\b",
    "address": r"(?:https?|ftp|mailto|xmpp|javascript):[^\s\u200b]|www\.|[\w.+-]+@[\w-]+\.\w",
    "emoji": r":[a-z0-9_+-]+:",
    "formula": r"\$[^$]*\S\$",
}
# Letters that cannot be seen, except the space of no width that breaks what would be linked.
HIDDEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200c-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.wrong, self.text = [], [], [], ""

    def flush(self):
        # Neighbouring texts are one to what looks for links; a tag ends them.
        for what, pattern in LINKED.items():
            found = re.search(pattern, self.text, re.IGNORECASE)
            if found:
                self.wrong.append(f"{what}: {found[0]!r}")
        self.text = ""

    def handle_starttag(self, tag, attributes):
        self.flush()
        names = [name for name, _ in attributes]
        if tag not in TAGS or any(name not in TAGS[tag] for name in names):
            self.wrong.append(f"<{tag}> with {names}")
        for name, value in attributes:
            if name == "href" and not (value.startswith(OURS) and re.fullmatch(r"[\w./:%#-]+", value) and "/../" not in value):
                self.wrong.append(f"a link to {value!r}")
        if tag not in FREE:
            self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.flush()
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")
        if tag not in FREE:
            self.tags.append("/" + tag)

    def handle_comment(self, text):
        self.wrong.append(f"a comment {text!r}")

    def handle_data(self, text):
        if HIDDEN.search(text):
            self.wrong.append(f"hidden letters in {text!r}")
        if not {"code", "pre", "a"} & set(self.open):
            self.text += text


def read(path):
    flags = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    html = cmarkgfm.github_flavored_markdown_to_html(path.read_text(encoding="utf-8"), flags)
    page = Page()
    page.feed(html)
    page.close()
    page.flush()
    if page.open:
        page.wrong.append(f"left open: {page.open}")
    if page.tags[-4:-2] != ["p", "sub"]:
        page.wrong.append(f"it does not end as it should: {page.tags[-6:]}")
    return page


def main():
    pages = sorted(Path(sys.argv[1]).glob("*.md"))
    failed = 0
    for path in pages:
        page = read(path)
        tame = path.with_suffix(".tame")
        if tame.exists():
            expected = read(tame)
            if page.tags != expected.tags:
                at = next((i for i, (a, b) in enumerate(zip(page.tags, expected.tags)) if a != b), "the end")
                page.wrong.append(f"other tags than with tame words, from {at}: {page.tags[at - 3 : at + 4] if at != 'the end' else len(page.tags) - len(expected.tags)}")
        for wrong in page.wrong[:5]:
            print(f"{path.name}: {wrong}", file=sys.stderr)
        failed += bool(page.wrong)
    print(f"{len(pages)} comments rendered, {failed} of them wrong")
    return 1 if failed or not pages else 0


sys.exit(main())
