"""What others did to Azure: each ends in a sentence, or in nothing to do, and destroy leaves nothing."""



from tests.terraform.site import A


def test_letters_that_azure_writes_otherwise_change_nothing(by_identity):
    by_identity.azure.estate.shouts = True
    planned = by_identity.module.plan(A)
    assert planned.nothing_to_do, planned.output


def test_an_account_that_was_deleted_does_not_stop_a_destroy(by_identity):
    by_identity.azure.estate.lose(by_identity.azure.estate.accounts[0])
    refused = by_identity.module.plan(A)
    assert refused.says("The storage account flowlogs1 of region_set is not in subscription")
    destroyed = by_identity.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert by_identity.nothing_left
