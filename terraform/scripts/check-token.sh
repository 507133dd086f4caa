#!/bin/sh
# Asks the gateway whether it takes the subscription token, before anything relies on it. Prints when the token ends.
#
# APIGW_URL           the gateway's address
# SUBSCRIPTION_TOKEN  the token that the gateway issued

# shellcheck source=common.sh
. "${0%/*}/common.sh"

ask_gateway GET /qas/subscription-token ""

case $status in
200)
    token_end || fail "What answers at $APIGW_URL is not an API gateway. Correct apigw_url."
    ;;
000) fail "The gateway at $APIGW_URL can't be reached: $trouble. Correct apigw_url or the network." ;;
401 | 403)
    [ -z "$foreign" ] || fail "$foreign. Let it pass, or correct apigw_url."
    fail "The gateway refuses the subscription token (HTTP $status). Get a new one from its console, and put it into terraform.tfvars.json."
    ;;
408 | 425 | 429 | 5??) fail "The gateway at $APIGW_URL is out of order (HTTP $status). Try again later." ;;
*) fail "There is no API gateway at $APIGW_URL (HTTP $status). Correct apigw_url." ;;
esac
