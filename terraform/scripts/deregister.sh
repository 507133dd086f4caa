#!/bin/sh
# Removes the subscription's registration from the gateway, before the access of the application ends.
#
# APIGW_URL        the gateway's address
# SUBSCRIPTION_ID  what is deregistered
# VARIABLES_FILES  files that may hold subscription_token, separated by colons; then the environment is looked at, as Terraform does

# shellcheck source=common.sh
. "${0%/*}/common.sh"

find_token() {
    old_ifs=$IFS
    IFS=:
    for file in $VARIABLES_FILES; do
        token=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["subscription_token"])' "$file" 2>/dev/null || true)
        [ -z "$token" ] || break
    done
    IFS=$old_ifs
    SUBSCRIPTION_TOKEN=${token:-${TF_VAR_subscription_token:-}}
}

leave_behind() { # WHY
    say "Warning: $1. The registration of subscription $SUBSCRIPTION_ID stays at $APIGW_URL: remove it in the gateway's console."
    exit 0
}

find_token
[ -n "$SUBSCRIPTION_TOKEN" ] ||
    leave_behind "There is no subscription token in terraform.tfvars.json or TF_VAR_subscription_token"

ask_gateway DELETE "/qas/azure/subscriptions/$SUBSCRIPTION_ID" ""

case $status in
401 | 403 | 404) [ -z "$foreign" ] || leave_behind "$foreign" ;;
esac
case $status in
200 | 202 | 204) say "Subscription $SUBSCRIPTION_ID is no longer registered at $APIGW_URL." ;;
404) say "Subscription $SUBSCRIPTION_ID was not registered at $APIGW_URL." ;;
401 | 403) leave_behind "The gateway refuses the subscription token (HTTP $status)" ;;
000) problem="can't be reached: $trouble" ;;
*) problem="did not deregister the subscription (HTTP $status)" ;;
esac
[ -z "${problem:-}" ] ||
    fail "The gateway at $APIGW_URL $problem. Run the same command again later. If the gateway is gone for good: terraform state rm module.identity.terraform_data.deregistration"
