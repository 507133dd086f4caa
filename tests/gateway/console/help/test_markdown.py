import pytest

from gateway.console.help.markdown import Scheme, Section, picture_name, render

DIAGRAM = 'sequenceDiagram\n    accTitle: Who asks.\n    accDescr: A asks B, and "waits".\n    A->>B: ask\n'


def body(text, address=lambda link: link, picture=lambda *_: None):
    return render(text, address, picture).body


def test_a_document_s_own_html_is_text():
    written = body(
        '<script>alert(1)</script>\n\nand <b onclick="x()">bold</b> `<i>`\n\n<style>p {}</style>\n\n    <pre>\n'
    )
    assert "&lt;script&gt;" in written
    assert "&lt;b onclick=" in written
    assert "<code>&lt;i&gt;</code>" in written
    for tag in ("<script", "<b ", "<style", "<i>", "<pre>\n<"):
        assert tag not in written


def test_a_link_that_is_a_script_is_none():
    assert "href" not in body("[here](javascript:alert(1)) [there](<data:text/html,x>)")


def test_what_is_in_a_link_is_escaped():
    assert 'href="/?a=%22&amp;b"' in body('[here](</?a="&b>)')


def test_a_table_scrolls_has_headings_and_no_style_of_its_own():
    written = body("| a | b |\n|---|--:|\n| 1 | 2 |\n")
    assert written.startswith('<div class="scroll" tabindex="0" role="region" aria-label="Table 1">\n<table>')
    assert '<th scope="col">a</th>' in written
    assert '<td class="number">2</td>' in written
    assert "style=" not in written


def test_a_first_column_without_a_heading_heads_its_rows():
    written = body("| | Linux |\n|---|---|\n| version | 6.1 |\n")
    assert "<td></td>" in written
    assert '<th scope="row">version</th>' in written
    assert "<td>6.1</td>" in written


def test_headings_have_github_s_anchors_each_only_once():
    document = render(
        "# The *title*\n\n## Is it `well`, or not?\n\n### Deep\n\n## Deep\n\n## Größe_2\n", str, lambda *_: None
    )
    assert document.title == "The title"
    assert document.sections == (
        Section("is-it-well-or-not", "Is it well, or not?"),
        Section("deep-1", "Deep"),
        Section("größe_2", "Größe_2"),
    )
    assert '<h3 id="deep">Deep</h3>\n<h2 id="deep-1">Deep</h2>' in document.body


def test_a_link_to_what_the_console_does_not_have_says_where_that_is():
    written = body("see [the *module*](../terraform/README.md), and [this](#here)", {"#here": "#here"}.get)
    assert written == (
        '<p>see the <em>module</em> (in the repository: terraform/README.md), and <a href="#here">this</a></p>\n'
    )


def test_a_picture_is_what_it_shows_in_words():
    assert body("![all <of> it](home.png)") == "<p>all &lt;of&gt; it</p>\n"


def test_a_diagram_is_a_picture_for_each_scheme_with_its_description():
    written = body(f"```mermaid\n{DIAGRAM}```\n", picture=picture_name)
    assert f'srcset="{picture_name(DIAGRAM, Scheme.DARK)}" media="(prefers-color-scheme: dark)"' in written
    assert f'src="{picture_name(DIAGRAM, Scheme.LIGHT)}" alt="Who asks. A asks B, and &quot;waits&quot;."' in written
    assert "sequenceDiagram" not in written


def test_a_diagram_without_pictures_is_its_text():
    assert "A-&gt;&gt;B: ask" in body(f"```mermaid\n{DIAGRAM}```\n")


@pytest.mark.parametrize("change", [DIAGRAM + "    B-->>A: answer\n", DIAGRAM.replace("waits", "leaves")])
def test_another_diagram_has_another_picture(change):
    assert picture_name(change, Scheme.LIGHT) != picture_name(DIAGRAM, Scheme.LIGHT)
