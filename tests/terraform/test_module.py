"""The module's files by themselves: their form, and the claims of `terraform test`."""


def test_the_files_are_formatted(site):
    run = site.module.terraform("fmt", "-check", "-recursive", "-diff")
    assert run.succeeded, run.output


def test_the_configuration_is_valid(site):
    run = site.module.terraform("validate", "-no-color")
    assert run.succeeded, run.output


def test_what_the_module_claims_of_itself_holds(site):
    run = site.module.terraform("test", "-no-color")
    assert run.succeeded, run.output
    assert run.says("0 failed")
