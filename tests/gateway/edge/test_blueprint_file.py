import pytest

from gateway.edge.blueprint_file import SHIPPED, BlueprintError, read_blueprint, written

GOOD = SHIPPED.read_text()


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


def test_the_blueprint_that_ships_is_one():
    read = read_blueprint(GOOD)
    assert SHIPPED.name == "Agent_Traffic_Collection_BP.xml"
    assert (read.name, read.interval_seconds, read.xml) == ("Agent_Traffic_Collection_BP", 60, GOOD)
    assert read.description.endswith(".")


@pytest.mark.parametrize("seconds", [10, 60, 3600])
def test_every_interval_from_ten_seconds_to_an_hour_is_taken(seconds):
    assert read_blueprint(changed(">60<", f"> {seconds}\n<")).interval_seconds == seconds


def test_a_byte_order_mark_and_references_to_characters_do_no_harm():
    xml = "\ufeff" + changed("Agent_Traffic_Collection_BP<", "A &amp; B &#228;<")
    assert read_blueprint(xml).name == "A & B ä"


@pytest.mark.parametrize("text", ["Minute", "A & B <ä> \"'", "]]>", "&amp;", "x" * 100, "🙂"])
def test_what_is_written_is_read_as_the_same(text):
    blueprint = written(text, text, 600)
    assert (blueprint.name, blueprint.description, blueprint.interval_seconds) == (text, text, 600)
    assert read_blueprint(blueprint.xml) == blueprint


def test_what_is_written_has_the_form_of_what_ships():
    shipped = read_blueprint(GOOD)
    lines = [line for line in GOOD.splitlines() if not line.startswith("<!--")]
    assert written(shipped.name, shipped.description, 60).xml.splitlines() == lines


BILLION_LAUGHS = (
    '<!DOCTYPE blueprint [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    ("xml", "told"),
    [
        (
            changed("<blueprint v", BILLION_LAUGHS + "<blueprint v").replace(">60<", ">&j;<"),
            "must not have a document type",
        ),
        (changed("<blueprint v", "<!DOCTYPE blueprint>\n<blueprint v"), "must not have a document type"),
        (
            changed("<blueprint v", '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><blueprint v'),
            "must not have a document type",
        ),
        (
            changed("<blueprint v", '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd"><blueprint v'),
            "must not have a document type",
        ),
        (
            changed("<blueprint v", '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///x"> %p;]><blueprint v'),
            "must not have a document type",
        ),
        (changed(">60<", ">&undeclared;<"), "This is not XML: undefined entity, line 7."),
        (changed("<blueprint v", '<?xml-stylesheet href="x"?><blueprint v'), "must not have processing instructions"),
        ("<html/>", "The root element must be blueprint, not 'html'."),
        ("<x:blueprint version='1'/>", "The root element must be blueprint"),
        (changed(' version="1">', ' version="2">'), 'must be <blueprint version="1">'),
        (changed(' version="1">', ' version="1" xmlns="urn:x">'), "without other attributes"),
        (changed("<name>", "<command>rm</command><name>"), "element 'command' is not allowed in blueprint"),
        (changed("Agent_Traffic_Collection_BP<", "<b>x</b><"), "element 'b' is not allowed in name"),
        (changed("<name>", "<name>Another</name><name>"), "name appears twice"),
        (changed("<name>", '<name lang="en">'), "name must not have attributes"),
        (changed("<name>Agent_Traffic_Collection_BP</name>", ""), "name is missing or empty"),
        (changed("Agent_Traffic_Collection_BP<", " \n <"), "name is missing or empty"),
        (changed("Agent_Traffic_Collection_BP<", "x" * 101 + "<"), "more than 100 characters"),
        (changed("Agent_Traffic_Collection_BP<", "a&#x202e;b<"), "cannot be displayed"),
        (changed("<name>", "stray<name>"), "text outside the elements: 'stray'"),
        (changed(">Server Traffic<", ">Passwords<"), "attribute must be Server Traffic"),
        (changed(">60<", ">9<"), "intervalSeconds must be a whole number from 10 to 3600, not '9'."),
        (changed(">60<", ">3601<"), "not '3601'"),
        (changed(">60<", ">-60<"), "not '-60'"),
        (changed(">60<", ">1e2<"), "not '1e2'"),
        (changed(">60<", ">६०<"), "from 10 to 3600"),
        (changed("</blueprint>", ""), "This is not XML: no element found"),
        ("", "This is not XML"),
        ("not XML", "This is not XML"),
        ("<blueprint>" * 100, "must be <blueprint"),
        (GOOD + "<!--" + "x" * 33_000 + "-->", "at most 32768 characters"),
    ],
)
def test_what_is_not_a_blueprint_ends_in_a_sentence(xml, told):
    with pytest.raises(BlueprintError) as error:
        read_blueprint(xml)
    assert told in str(error.value)
    assert str(error.value).endswith(".")
    assert len(str(error.value)) < 200
