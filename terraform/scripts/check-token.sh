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
    ends=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["expiresAt"])' "$answer" 2>/dev/null) ||
        fail "What answers at $APIGW_URL is no API gateway. Correct apigw_url."
    printf '%s\n' "$ends" | tr -dc '0-9TZ:.+\n-'
    ;;
000) fail "The gateway at $APIGW_URL can't be reached: $trouble. Correct apigw_url or the network." ;;
401 | 403) fail "The gateway refuses the subscription token (HTTP $status). Get a new one from its console, and put it into terraform.tfvars.json." ;;
408 | 425 | 429 | 5??) fail "The gateway at $APIGW_URL is out of order (HTTP $status). Try again later." ;;
*) fail "There is no API gateway at $APIGW_URL (HTTP $status). Correct apigw_url." ;;
esac
