#!/bin/sh
# Registers the subscription at the gateway. Asking again is harmless.
#
# APIGW_URL           the gateway's address
# SUBSCRIPTION_ID     what is registered
# SUBSCRIPTION_TOKEN  the token that the gateway issued
# REGISTRATION        the registration, as the gateway's API has it

# shellcheck source=common.sh
. "${0%/*}/common.sh"

ask_gateway PUT "/qas/azure/subscriptions/$SUBSCRIPTION_ID" "$(body application/json "$REGISTRATION")"

case $status in
400 | 401 | 403 | 422) [ -z "$foreign" ] || fail "$foreign. Let it pass, or correct apigw_url, and apply again." ;;
esac
case $status in
200 | 201) say "Subscription $SUBSCRIPTION_ID is registered at $APIGW_URL." ;;
000) fail "The gateway at $APIGW_URL can't be reached: $trouble. Correct apigw_url or the network, and apply again." ;;
400 | 422) fail "The gateway does not take the registration (HTTP $status). Is it of the same version as this module?" ;;
401 | 403) fail "The gateway refuses the subscription token (HTTP $status). Get a new one from its console, put it into terraform.tfvars.json, and apply again." ;;
408 | 425 | 429 | 5??) fail "The gateway is out of order (HTTP $status). Everything else is kept: apply again later." ;;
*) fail "The gateway has no registration at $APIGW_URL (HTTP $status). Correct apigw_url, and apply again." ;;
esac
