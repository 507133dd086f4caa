#!/bin/sh
# Waits until the vault knows the role of whoever runs terraform, which takes minutes after it was assigned.
#
# VAULT_URI  the vault's address, such as https://NAME.vault.azure.net/

# shellcheck source=common.sh
. "${0%/*}/common.sh"

host=${VAULT_URI#https://}
domain=${host#*.}
be_patient 600
until trouble=$(azure rest --method get --url "${VAULT_URI}secrets?api-version=7.4&maxresults=1" \
    --resource "https://${domain%/}" --output none 2>&1); do
    wait_more || fail "The vault $VAULT_URI stays closed: $trouble
az must be signed in as whoever runs terraform, with the role Key Vault Secrets Officer on the vault. Then apply again."
done
