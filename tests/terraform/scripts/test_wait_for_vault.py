VAULT = "https://sluice-0a1b2c3d.vault.azure.net/"


def test_an_open_vault_is_asked_once_as_its_cloud_wants(machine):
    machine.az('echo "$*" >> asked')
    assert machine.run("wait-for-vault.sh", VAULT_URI=VAULT).status == 0
    [asked] = (machine.folder / "asked").read_text().splitlines()
    assert f"--url {VAULT}secrets?api-version=7.4&maxresults=1" in asked
    assert "--resource https://vault.azure.net " in asked


def test_another_cloud_has_another_audience(machine):
    machine.az('echo "$*" >> asked')
    machine.run("wait-for-vault.sh", VAULT_URI="https://sluice-0a1b2c3d.vault.azure.cn/")
    assert "--resource https://vault.azure.cn " in (machine.folder / "asked").read_text()


def test_a_closed_vault_is_asked_again_until_it_opens(machine):
    machine.az("echo x >> asked; [ $(wc -l < asked) -ge 2 ]")
    assert machine.run("wait-for-vault.sh", VAULT_URI=VAULT, SLUICE_PATIENCE="60").status == 0


def test_a_vault_that_stays_closed_is_told_with_the_reason(machine):
    machine.az("echo 'Forbidden(Caller is not authorized)' >&2; exit 1")
    done = machine.run("wait-for-vault.sh", VAULT_URI=VAULT)
    assert done.status == 1
    assert f"The vault {VAULT} stays closed: Forbidden(Caller is not authorized)" in done.said
    assert "Key Vault Secrets Officer" in done.said
