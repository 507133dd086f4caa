#!/bin/sh
# Tells what is missing before `terraform apply`, a line each, and changes nothing.
#
#   scripts/preflight.sh SUBSCRIPTION_ID [VARIABLES_FILE]

# shellcheck source=common.sh
. "${0%/*}/common.sh"

[ $# -ge 1 ] || fail "Usage: $0 SUBSCRIPTION_ID [VARIABLES_FILE]"
subscription=$1
variables=${2:-${0%/*}/../terraform.tfvars.json}
missing=0

ok() {
    printf 'ok       %s\n' "$*"
}

missing() {
    printf 'missing  %s\n' "$*"
    missing=1
}

unsure() {
    printf 'unsure   %s\n' "$*"
}

# evaluate EXPRESSION [WORD...] < JSON: what a Python expression makes of the JSON in `it` and the words in `words`; nothing if it can't
evaluate() {
    python3 -c '
import fnmatch, json, sys
it, words = json.load(sys.stdin), sys.argv[2:]
print(eval(sys.argv[1]))
' "$@" 2>/dev/null || true
}

check_programs() {
    version=$(terraform version -json 2>/dev/null | evaluate 'it["terraform_version"]')
    case $version in
    1.1[1-9].* | 1.[2-9][0-9].*) ok "terraform $version" ;;
    '') missing "terraform 1.11 or newer: https://developer.hashicorp.com/terraform/install" ;;
    *) missing "terraform 1.11 or newer, this is $version: https://developer.hashicorp.com/terraform/install" ;;
    esac
    if python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
        ok "Python 3.9 or newer"
    else
        missing "python3, 3.9 or newer, with pip or venv"
    fi
    for program in az curl timeout; do
        command -v "$program" >/dev/null || missing "$program"
    done
}

check_variables() {
    [ -r "$variables" ] || variables=/dev/null
    if [ "$(evaluate 'bool(it["apigw_url"] and all(entry["location"] for entry in it["region_set"].values()))' <"$variables")" = True ]; then
        ok "apigw_url and region_set in terraform.tfvars.json"
        check_locations
        check_gateway
    else
        missing "apigw_url and region_set in terraform.tfvars.json: docs/install.md shows its form"
    fi
}

check_subscription() {
    if [ -z "$(azure account show --subscription "$subscription" --query id --output tsv 2>/dev/null || true)" ]; then
        missing "a sign-in that sees subscription $subscription: az login"
        return
    fi
    ok "az is signed in and sees subscription $subscription"
    granted=$(azure rest --method get \
        --url "/subscriptions/$subscription/providers/Microsoft.Authorization/permissions?api-version=2022-04-01" 2>/dev/null |
        evaluate 'all(any(any(fnmatch.fnmatch(word, a.lower()) for a in p["actions"])
            and not any(fnmatch.fnmatch(word, a.lower()) for a in p["notActions"]) for p in it["value"]) for word in words)' \
            microsoft.authorization/roleassignments/write microsoft.resources/subscriptions/resourcegroups/write)
    case $granted in
    True) ok "rights on the subscription" ;;
    False) missing "rights on the subscription: the role Owner, or Contributor with User Access Administrator" ;;
    *) unsure "rights on the subscription could not be read: you need Owner, or Contributor with User Access Administrator" ;;
    esac
}

check_directory() {
    graph=$(azure cloud show --query endpoints.microsoftGraphResourceId --output tsv 2>/dev/null || true)
    everyone=$(azure rest --method get --url "${graph%/}/v1.0/policies/authorizationPolicy" 2>/dev/null |
        evaluate 'it["defaultUserRolePermissions"]["allowedToCreateApps"]')
    role=$(azure rest --method get --url "${graph%/}/v1.0/me/memberOf/microsoft.graph.directoryRole" 2>/dev/null |
        evaluate 'any(role["displayName"] in words for role in it["value"])' "Application Administrator" \
            "Application Developer" "Cloud Application Administrator" "Global Administrator")
    case $everyone,$role in
    True,* | *,True) ok "right to create an application in Entra" ;;
    False,False) missing "right to create an application in Entra: the role Application Developer" ;;
    *) unsure "the right to create an application in Entra could not be read: without it you need the role Application Developer" ;;
    esac
}

check_locations() {
    offered=$(azure functionapp list-flexconsumption-locations --query '[].name' --output tsv 2>/dev/null |
        tr '[:upper:]' '[:lower:]' | tr -d ' ' | tr '\n' ' ')
    wanted=$(evaluate '" ".join(sorted({entry["location"].lower().replace(" ", "") for entry in it["region_set"].values()}))' \
        <"$variables")
    for location in $wanted; do
        case " $offered" in
        *" $location "*) ok "Flex Consumption in $location" ;;
        *[a-z]*) missing "Flex Consumption in $location: Azure does not offer it there" ;;
        *) unsure "where Flex Consumption is offered could not be read: az functionapp list-flexconsumption-locations" ;;
        esac
    done
}

check_gateway() {
    APIGW_URL=$(evaluate 'it["apigw_url"]' <"$variables")
    SUBSCRIPTION_TOKEN=$(evaluate 'it["subscription_token"]' <"$variables")
    SUBSCRIPTION_TOKEN=${SUBSCRIPTION_TOKEN:-${TF_VAR_subscription_token:-}}
    ask_gateway GET /qas/subscription-token ""
    ends=$(token_end) || ends=
    case $status,$foreign,$ends in
    200,,?*)
        ok "the gateway at $APIGW_URL answers"
        ok "the subscription token is accepted until $ends"
        return
        ;;
    401,, | 403,,)
        ok "the gateway at $APIGW_URL answers"
        missing "a subscription token that the gateway accepts: get a new one from its console"
        return
        ;;
    000,*) missing "the gateway at $APIGW_URL: $trouble" ;;
    200,*) missing "the gateway at $APIGW_URL: what answers there is not an API gateway" ;;
    401,* | 403,*) missing "a way to the gateway. $foreign" ;;
    *) missing "the gateway at $APIGW_URL: it answers HTTP $status" ;;
    esac
    unsure "the subscription token could not be tried"
}

check_programs
check_subscription
check_directory
check_variables
exit "$missing"
