import re
from itertools import product
from pathlib import Path

from gateway.console.help.markdown import Scheme, picture_name

DOCS = Path(__file__).parent.parent.parent / "docs"
PICTURES = list((DOCS / "diagrams").iterdir())


def test_every_diagram_has_its_pictures_and_no_picture_is_left_over():
    diagrams = [
        diagram
        for document in DOCS.glob("*.md")
        for diagram in re.findall(r"^```mermaid\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE)
    ]
    wanted = {picture_name(diagram, scheme) for diagram, scheme in product(diagrams, Scheme)}
    assert {path.name for path in PICTURES} == wanted, "A diagram was changed: run `make diagrams`."


def test_every_diagram_is_described():
    for document in DOCS.glob("*.md"):
        text = document.read_text()
        assert text.count("```mermaid") == text.count("    accTitle: ") == text.count("    accDescr: "), document.name


def test_no_picture_needs_a_style_or_a_script():
    banned = re.compile(r"<(style|script|foreignObject|a)\b| (style|on\w+|class)=|href=")
    assert [path.name for path in PICTURES if banned.search(path.read_text())] == []
